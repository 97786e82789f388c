import { fakeObject } from "./fake-object.ts";
import type { ArchivedFile } from "./tar-archive.ts";

export interface DemoTarball {
  readonly name?: string;
  readonly version?: string;
  readonly releases?: readonly string[];
  readonly arch?: string;
  /** Object names; default: demo_a and demo_b. */
  readonly objects?: readonly string[];
  /** Lines of dkms.conf after the usual ones. */
  readonly conf?: string;
  readonly filling?: string;
}

/** dkms.conf of a {@link DemoTarball}. */
export function demoConf({
  name = "demo",
  version = "1.0",
  objects = twoObjects,
  conf = "",
}: DemoTarball = {}): string {
  const specs = objects.map(
    (object, at) => `BUILT_MODULE_NAME[${at}]=${object}\nDEST_MODULE_LOCATION[${at}]=/updates\n`,
  );
  return `PACKAGE_NAME=${name}\nPACKAGE_VERSION=${version}\n${specs.join("")}${conf}`;
}

const twoObjects = ["demo_a", "demo_b"];

/** As mktarball --source-only makes it. */
export function sourceFiles(demo: DemoTarball = {}, top = "dkms_source_tree"): readonly ArchivedFile[] {
  return [
    { name: `./${top}/`, type: "5", mode: 0o755 },
    { name: `./${top}/dkms.conf`, content: demoConf(demo) },
    { name: `./${top}/Makefile`, content: "obj-m := demo_a.o demo_b.o\n" },
  ];
}

/** As mktarball --binaries-only makes it, without the objects. */
export function binariesOnlyFiles(demo: DemoTarball = {}): readonly ArchivedFile[] {
  const { name = "demo", version = "1.0" } = demo;
  return [
    { name: "./dkms_binaries_only/", type: "5", mode: 0o755 },
    { name: "./dkms_binaries_only/dkms.conf", content: demoConf(demo) },
    { name: "./dkms_binaries_only/PACKAGE_NAME", content: `${name}\n` },
    { name: "./dkms_binaries_only/PACKAGE_VERSION", content: `${version}\n` },
  ];
}

/** The builds in a tarball of mktarball. */
export function objectFiles(demo: DemoTarball = {}): readonly ArchivedFile[] {
  const { releases = ["6.1.0-1"], arch = "x86_64", objects = twoObjects, version = "1.0", filling = version } = demo;
  return releases.flatMap((release) => {
    const place = `./dkms_main_tree/${release}/${arch}`;
    return [
      { name: `${place}/log/make.log`, content: `made for ${release}\n` },
      ...objects.map((object) => ({
        name: `${place}/module/${object}.ko`,
        content: fakeObject({ name: object, release, version, filling }),
      })),
    ];
  });
}
