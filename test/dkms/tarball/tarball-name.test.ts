import { suite } from "uvu";
import * as assert from "uvu/assert";
import { packingOf, tarballName } from "../../../src/dkms/tarball/tarball-name.ts";

const module = { name: "demo", version: "1.0" };
const names = suite("tarballName");

names("names the kernels in their order", () => {
  const kernels = [
    { release: "6.1.0-2", arch: "x86_64" },
    { release: "6.1.0-1", arch: "i686" },
  ];
  const name = "demo-1.0-kernel6.1.0-2-x86_64-kernel6.1.0-1-i686.dkms.tar.gz";
  assert.is(tarballName({ module, kernels, scope: "all" }), name);
  assert.is(tarballName({ module, kernels, scope: "binaries" }), name);
  assert.is(tarballName({ module, kernels, scope: "source" }), "demo-1.0-source-only.dkms.tar.gz");
});

names("does not name more than fit into 200 characters", () => {
  const of = (length: number) => [{ release: `6.1.0-${"x".repeat(length - 6)}`, arch: "x86_64" }];
  assert.match(
    tarballName({ module, kernels: of(186), scope: "all" }),
    /^demo-1\.0-kernel6\.1\.0-x+-x86_64\.dkms\.tar\.gz$/,
  );
  assert.is(tarballName({ module, kernels: of(187), scope: "all" }), "demo-1.0-manykernels.dkms.tar.gz");
});

names.run();

const packing = suite("packingOf");

packing("goes by the ending", () => {
  const endings = {
    none: ["a.tar"],
    gz: ["a.tar.gz", "a.tgz", "a.gz"],
    bz2: ["a.tar.bz2", "a.tbz2", "a.tbz"],
    xz: ["a.tar.xz", "a.txz"],
    zst: ["a.tar.zst", "a.tzst"],
  };
  for (const [kind, files] of Object.entries(endings)) for (const file of files) assert.is(packingOf(file), kind, file);
  for (const file of ["a.zip", "tar", "a.tar.gz.old", "gz"]) assert.is(packingOf(file), undefined, file);
});

packing.run();
