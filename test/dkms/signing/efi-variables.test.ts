import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { certificatesOf, readEfiVariables } from "../../../src/dkms/signing/efi-variables.ts";
import { signatureList, writeSecureBoot, writeVariable } from "../../rig/efi-variables.ts";
import { dkmsTree, type TreeBuilder } from "../../rig/tree-builder.ts";

const lists = suite("certificatesOf");
const [one, two] = [Buffer.from("first certificate"), Buffer.from("other certificate")];
const hash = Buffer.alloc(32, 7);

function texts(bytes: Uint8Array): string[] {
  return certificatesOf(bytes).map((certificate) => Buffer.from(certificate).toString());
}

lists("finds certificates among hashes, several in one list, and behind a list's header", () => {
  const bytes = Buffer.concat([
    signatureList("sha256", [hash, hash]),
    signatureList("x509", [one, two]),
    signatureList("x509", [Buffer.from("longer, so in a list of its own")], Buffer.from("header")),
  ]);
  assert.equal(texts(bytes), [String(one), String(two), "longer, so in a list of its own"]);
  assert.equal(texts(Buffer.alloc(0)), []);
});

lists("keeps what comes before the first list that makes no sense", () => {
  const good = signatureList("x509", [one]);
  for (const bad of [Buffer.alloc(28), Buffer.alloc(28, 0xff), good.subarray(0, -1), Buffer.from("short")])
    assert.equal(texts(Buffer.concat([good, bad])), [String(one)]);
});

lists("ends for whatever bytes", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.tuple(fc.nat(44), fc.nat(255)).map(([at, value]) => {
      const list = signatureList("x509", [one, two]);
      list[at] = value;
      return new Uint8Array(list);
    }),
  );
  fc.assert(fc.property(bytes, (list) => certificatesOf(list).every(({ length }) => length > 0)));
});

lists.run();

const read = suite<{ tree: TreeBuilder }>("readEfiVariables");
read.before.each((context) => {
  context.tree = dkmsTree();
});
read.after.each(({ tree }) => tree.remove());

read("knows nothing of a machine without EFI", ({ tree }) => {
  assert.equal(readEfiVariables(tree.host()), { secureBoot: undefined, trusted: undefined, pending: [] });
});

read("joins db and every part of shim's list, and tells what waits for the next boot", ({ tree }) => {
  writeSecureBoot(tree, true);
  writeVariable(tree, "db", { vendor: "database", content: signatureList("x509", [one]) });
  writeVariable(tree, "MokListRT", { vendor: "shim", content: signatureList("sha256", [hash]) });
  writeVariable(tree, "MokListRT1", { vendor: "shim", content: signatureList("x509", [two]) });
  writeVariable(tree, "MokListXRT", { vendor: "shim", content: signatureList("x509", [Buffer.from("revoked")]) });
  writeVariable(tree, "dbDefault", { vendor: "global", content: signatureList("x509", [Buffer.from("default")]) });
  writeVariable(tree, "MokNew", { vendor: "shim", content: signatureList("x509", [Buffer.from("new")]) });
  const { secureBoot, trusted, pending } = readEfiVariables(tree.host());
  assert.is(secureBoot, true);
  assert.equal(trusted?.map((bytes) => Buffer.from(bytes).toString()).sort(), [String(one), String(two)].sort());
  assert.equal(
    pending.map((bytes) => Buffer.from(bytes).toString()),
    ["new"],
  );
});

read("takes Secure Boot for off where shim was told not to validate", ({ tree }) => {
  writeSecureBoot(tree, false);
  assert.is(readEfiVariables(tree.host()).secureBoot, false);
  writeSecureBoot(tree, true);
  writeVariable(tree, "MokSBStateRT", { vendor: "shim", content: Uint8Array.of(1) });
  assert.is(readEfiVariables(tree.host()).secureBoot, false);
});

read("does not claim to know the list if a part of it cannot be read", ({ tree }) => {
  writeSecureBoot(tree, true);
  const broken = writeVariable(tree, "MokListRT", { vendor: "shim", content: signatureList("x509", [one]) });
  const host = tree.host();
  const readBytes = (file: string) => {
    if (file === broken) throw Object.assign(new Error("no"), { code: "EACCES", syscall: "open" });
    return host.files.readBytes(file);
  };
  const { secureBoot, trusted } = readEfiVariables({ ...host, files: { ...host.files, readBytes } });
  assert.equal([secureBoot, trusted], [true, undefined]);
});

read.run();
