import { suite } from "uvu";
import * as assert from "uvu/assert";
import { refuseUnsigned } from "../../../src/dkms/signing/refuse-unsigned.ts";
import { signObject } from "../../../src/dkms/signing/sign-object.ts";
import { fakeObject } from "../../rig/fake-object.ts";
import { makePair, realSignFile, release, signingWorld } from "../../rig/signing-world.ts";
import { testNeeding } from "../../rig/test-needing.ts";
import type { TreeBuilder } from "../../rig/tree-builder.ts";

const refuse = suite<{ tree: TreeBuilder }>("refuseUnsigned");
refuse.before.each((context) => {
  context.tree = signingWorld();
});
refuse.after.each(({ tree }) => tree.remove());

testNeeding(
  refuse,
  ["two-kernels", "openssl"],
  "takes only objects signed with the kernel's key, where that is required",
  async (part, { tree }) => {
    makePair(tree.at("keys"));
    const pair = { key: "/keys/a.key", certificate: "/keys/a.der" };
    const [signed, unsigned] = ["one", "two"].map((name) => tree.write(`${name}.ko`, fakeObject({ name, release })));
    if (!signed || !unsigned) throw new Error("no objects");
    const signFile = realSignFile(part("two-kernels"));
    const placed = { key: tree.at(pair.key), certificate: tree.at(pair.certificate) };
    assert.ok((await signObject(tree.host(), { ...placed, hash: "sha256", signFile, policy: "required" }, signed)).ok);
    const kernel = { release, arch: "x86_64" };
    const codeOf = async (policy: "required" | "optional", objects: string[]) => {
      const result = await refuseUnsigned(tree.host(), { kernel, settings: { policy, pair }, objects });
      return result.ok ? "ok" : `${result.error.code} ${result.error.path}`;
    };
    assert.is(await codeOf("required", [signed]), "ok");
    assert.is(await codeOf("required", [signed, unsigned]), `E_SIGNING ${unsigned}`);
    assert.is(await codeOf("optional", [unsigned]), "ok");
    makePair(tree.at("keys"));
    assert.is(await codeOf("required", [signed]), `E_SIGNING ${signed}`, "signed with the key before");
  },
);

refuse.run();
