import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { judgeSignature, signatureDemands } from "../../../src/dkms/signing/signature-demand.ts";
import type { SigningPolicy } from "../../../src/dkms/signing/signing.ts";
import { signatureList, writeSecureBoot, writeVariable } from "../../rig/efi-variables.ts";
import { fakeObject } from "../../rig/fake-object.ts";
import { kernelOf, makePair, realSignFile, release, signingWorld } from "../../rig/signing-world.ts";
import { testNeeding } from "../../rig/test-needing.ts";
import type { TreeBuilder } from "../../rig/tree-builder.ts";

const demanded = suite<{ tree: TreeBuilder }>("judgeSignature");
demanded.before.each((context) => {
  context.tree = signingWorld();
});
demanded.after.each(({ tree }) => tree.remove());

const content = fakeObject({ name: "demo", release });

/** An unsigned object, one signed by the pair of the settings, one by another, and one that was changed afterwards. */
function objects(tree: TreeBuilder, signFile: string) {
  const own = makePair(tree.at("keys"));
  const other = makePair(tree.at("keys"), "b");
  const signed = ({ key, certificate }: typeof own) => {
    const file = tree.write("demo.ko", content);
    execFileSync(signFile, ["sha256", key, certificate, file]);
    return fs.readFileSync(file);
  };
  const changed = signed(own);
  changed[changed.indexOf("demo")] = 0;
  const judge = async (policy: SigningPolicy) => {
    const settings = { policy, pair: { key: "/keys/a.key", certificate: "/keys/a.der" } };
    const demand = await signatureDemands(tree.host(), settings)(kernelOf(tree));
    return [content, signed(own), signed(other), changed].map((object) => judgeSignature(object, demand)?.kind);
  };
  return { judge, other: fs.readFileSync(other.certificate), own: fs.readFileSync(own.certificate) };
}

const parts = ["two-kernels", "openssl"] as const;

testNeeding(demanded, parts, "without a demand only a signature that does not fit is wrong", async (part, { tree }) => {
  const { judge } = objects(tree, realSignFile(part("two-kernels")));
  assert.equal(await judge("optional"), [undefined, undefined, undefined, "bad-signature"]);
  writeSecureBoot(tree, false);
  assert.equal(await judge("off"), [undefined, undefined, undefined, "bad-signature"]);
});

testNeeding(demanded, parts, "the settings demand the own key, whoever else is trusted", async (part, { tree }) => {
  const { judge, own, other } = objects(tree, realSignFile(part("two-kernels")));
  assert.equal(await judge("required"), ["unsigned", undefined, "wrong-signer", "bad-signature"]);
  writeSecureBoot(tree, true);
  const list = Buffer.concat([own, other].map((certificate) => signatureList("x509", [certificate])));
  writeVariable(tree, "MokListRT", { vendor: "shim", content: list });
  assert.equal(await judge("required"), ["unsigned", undefined, "wrong-signer", "bad-signature"]);
});

testNeeding(demanded, parts, "Secure Boot demands a key that the machine knows", async (part, { tree }) => {
  const { judge, own, other } = objects(tree, realSignFile(part("two-kernels")));
  writeSecureBoot(tree, true);
  assert.equal(await judge("optional"), ["unsigned", "not-enrolled", "wrong-signer", "bad-signature"]);
  const trust = (certificate: Uint8Array) =>
    writeVariable(tree, "MokListRT", { vendor: "shim", content: signatureList("x509", [certificate]) });
  trust(own);
  assert.equal(await judge("off"), ["unsigned", undefined, "wrong-signer", "bad-signature"]);
  trust(other);
  assert.equal(await judge("optional"), ["unsigned", "not-enrolled", undefined, "bad-signature"]);
});

testNeeding(
  demanded,
  parts,
  "so does CONFIG_MODULE_SIG_FORCE, and a damaged certificate is none",
  async (part, { tree }) => {
    const { judge } = objects(tree, realSignFile(part("two-kernels")));
    tree.write(`usr/src/linux-headers-${release}/include/config/auto.conf`, "CONFIG_MODULE_SIG_FORCE=y\n");
    assert.equal(await judge("optional"), ["unsigned", undefined, "wrong-signer", "bad-signature"]);
    const settings = { policy: "optional", pair: { key: "/keys/a.key", certificate: "/keys/broken" } } as const;
    for (const text of [undefined, "no certificate"]) {
      if (text !== undefined) tree.write("keys/broken", text);
      const demand = await signatureDemands(tree.host(), settings)(kernelOf(tree));
      const signed = Buffer.concat([content, Buffer.from("~Module signature appended~\n")]);
      assert.is(judgeSignature(signed, demand)?.kind, "no-certificate");
    }
  },
);
demanded.run();
