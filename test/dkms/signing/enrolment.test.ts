import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { enrolmentAdvice } from "../../../src/dkms/signing/enrolment.ts";
import { signatureList, writeSecureBoot, writeVariable } from "../../rig/efi-variables.ts";
import { makePair } from "../../rig/signing-world.ts";
import { testNeeding } from "../../rig/test-needing.ts";
import { dkmsTree, type TreeBuilder } from "../../rig/tree-builder.ts";

const judge = suite<{ tree: TreeBuilder }>("enrolmentAdvice");
judge.before.each((context) => {
  context.tree = dkmsTree();
});
judge.after.each(({ tree }) => tree.remove());

testNeeding(
  judge,
  ["openssl"],
  "finds the certificate in db or MOK, and helps where it is in neither",
  (_, { tree }) => {
    const { certificate } = makePair(tree.at("keys"));
    const other = makePair(tree.at("keys"), "b").certificate;
    const isAdvised = () => enrolmentAdvice(tree.host(), certificate) !== undefined;
    assert.not(isAdvised(), "there is no EFI");
    writeSecureBoot(tree, false);
    assert.not(isAdvised(), "Secure Boot is off");
    writeSecureBoot(tree, true);
    assert.ok(isAdvised());
    const list = (file: string) => signatureList("x509", [fs.readFileSync(file)]);
    writeVariable(tree, "MokListRT", { vendor: "shim", content: list(other) });
    assert.ok(isAdvised(), "another certificate is enrolled");
    writeVariable(tree, "MokListRT", { vendor: "shim", content: Buffer.concat([list(other), list(certificate)]) });
    assert.not(isAdvised(), "it is in MOK");
    fs.rmSync(tree.at("sys/firmware/efi/efivars/MokListRT-605dab50-e046-4300-abb6-3dd810dd8b23"));
    writeVariable(tree, "db", { vendor: "database", content: list(certificate) });
    assert.not(isAdvised(), "it is in db");
  },
);

testNeeding(
  judge,
  ["openssl"],
  "finds the key in the kernel's keyrings, by the name that the kernel gives it",
  (_, { tree }) => {
    const { certificate } = makePair(tree.at("keys"));
    const shown = execFileSync("openssl", [
      "x509",
      "-inform",
      "DER",
      "-in",
      certificate,
      "-noout",
      "-ext",
      "subjectKeyIdentifier",
    ]);
    const identifier = /([0-9A-F]{2}:){19}[0-9A-F]{2}/.exec(String(shown))?.[0].replaceAll(":", "").toLowerCase();
    const line = (id = "") =>
      `2c4f1d2e I------     1 perm 1f030000     0     0 asymmetri key a: ${id}: X509.rsa 1d2e []\n`;
    writeSecureBoot(tree, true);
    tree.write("proc/keys", line("00".repeat(20)));
    assert.ok(enrolmentAdvice(tree.host(), certificate));
    tree.write("proc/keys", `${line("00".repeat(20))}${line(identifier)}`);
    assert.is(enrolmentAdvice(tree.host(), certificate), undefined);
    const { serialNumber } = new X509Certificate(fs.readFileSync(certificate));
    tree.write("proc/keys", line(serialNumber.toLowerCase()));
    assert.ok(enrolmentAdvice(tree.host(), certificate), "a key with an identifier is not named by its number");
  },
);

testNeeding(judge, ["openssl"], "prints the one command, and says so when only a restart is missing", (_, { tree }) => {
  const { certificate } = makePair(tree.at("keys"));
  const odd = tree.write("my keys/it's.der", fs.readFileSync(certificate));
  writeSecureBoot(tree, true);
  assert.match(enrolmentAdvice(tree.host(), certificate) ?? "", `"mokutil --import ${certificate}"`);
  assert.match(enrolmentAdvice(tree.host(), odd) ?? "", `mokutil --import '${tree.at("my keys")}/it'\\''s.der'`);
  const content = signatureList("x509", [fs.readFileSync(certificate)]);
  writeVariable(tree, "MokNew", { vendor: "shim", content });
  const advice = enrolmentAdvice(tree.host(), certificate) ?? "";
  assert.match(advice, /restarted and the enrolment confirmed/);
  assert.not.match(advice, /mokutil/);
});

judge("knows nothing of a certificate that is not there, or none", ({ tree }) => {
  writeSecureBoot(tree, true);
  for (const file of [tree.at("no.der"), tree.write("bad.der", "x")])
    assert.is(enrolmentAdvice(tree.host(), file), undefined);
});

judge.run();
