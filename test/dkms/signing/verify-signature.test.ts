import { execFileSync } from "node:child_process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { signatureProblem, verifySignature } from "../../../src/dkms/signing/verify-signature.ts";
import { fakeObject } from "../../rig/fake-object.ts";
import { makePair, realSignFile, release } from "../../rig/signing-world.ts";
import { testNeeding } from "../../rig/test-needing.ts";
import { dkmsTree, type TreeBuilder } from "../../rig/tree-builder.ts";

const verify = suite<{ tree: TreeBuilder }>("verifySignature");
verify.before.each((context) => {
  context.tree = dkmsTree();
});
verify.after.each(({ tree }) => tree.remove());

testNeeding(
  verify,
  ["two-kernels", "openssl", "xz", "zstd"],
  "looks through the compression, without a process",
  async (part, { tree }) => {
    const { key, certificate } = makePair(tree.at("keys"));
    const object = tree.write("demo.ko", fakeObject({ name: "demo", release }));
    const run = () => Promise.reject(new Error("a process was started"));
    const verdictOf = async (file: string) => verifySignature(tree.host({ run }), file, certificate);
    assert.equal(await verdictOf(object), { ok: true, value: { kind: "unsigned" } });
    execFileSync(realSignFile(part("two-kernels")), ["sha256", key, certificate, object]);
    for (const tool of ["gzip", "xz", "zstd"]) execFileSync(tool, ["-kq", object]);
    for (const suffix of ["", ".gz", ".xz", ".zst"])
      assert.equal(await verdictOf(`${object}${suffix}`), { ok: true, value: { kind: "valid" } }, suffix);
  },
);

verify("says which file cannot be used", async ({ tree }) => {
  const object = tree.write("demo.ko", fakeObject({ name: "demo", release }));
  const none = await verifySignature(tree.host(), object, tree.at("no.der"));
  assert.ok(!none.ok && none.error.code === "E_SIGNING" && none.error.path === tree.at("no.der"));
  const bad = await verifySignature(tree.host(), object, tree.write("bad.der", "no certificate"));
  assert.ok(!bad.ok && bad.error.code === "E_SIGNING" && /bad\.der cannot be used/.test(bad.error.message));
  const absent = await verifySignature(tree.host(), tree.at("no.ko"), tree.at("no.der"));
  assert.ok(!absent.ok && absent.error.code === "E_NO_OBJECT");
});

verify.run();

const problem = suite("signatureProblem");

problem("is a sentence for everything but a valid signature", () => {
  assert.is(signatureProblem({ kind: "valid" }, "/a.ko", "/c"), undefined);
  assert.is(signatureProblem({ kind: "unsigned" }, "/a.ko", "/c"), "/a.ko is not signed.");
  assert.match(signatureProblem({ kind: "other-signer" }, "/a.ko", "/c") ?? "", /another key than that of \/c\.$/);
  const wrong = signatureProblem({ kind: "wrong", problem: "is damaged" }, "/a.ko", "/c");
  assert.is(wrong, "The signature of /a.ko is damaged.");
});

problem.run();
