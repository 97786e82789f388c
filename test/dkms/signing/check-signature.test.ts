import { execFileSync } from "node:child_process";
import fs from "node:fs";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { checkSignature, type SignatureVerdict } from "../../../src/dkms/signing/check-signature.ts";
import { fakeObject } from "../../rig/fake-object.ts";
import { makePair, realSignFile, release } from "../../rig/signing-world.ts";
import { testNeeding } from "../../rig/test-needing.ts";
import { dkmsTree, type TreeBuilder } from "../../rig/tree-builder.ts";

const check = suite<{ tree: TreeBuilder }>("checkSignature");

function verdictOf(object: Uint8Array, certificate: Uint8Array): SignatureVerdict {
  const checked = checkSignature(object, certificate);
  if (!checked.ok) throw new Error(checked.error);
  return checked.value;
}
check.before.each((context) => {
  context.tree = dkmsTree();
});
check.after.each(({ tree }) => tree.remove());

const content = fakeObject({ name: "demo", release });
const parts = ["two-kernels", "openssl"] as const;

interface Request {
  readonly signFile: string;
  readonly hash?: string;
  readonly options?: readonly string[];
  readonly pairOptions?: readonly string[];
}

/** A signed object and the certificate. */
function signed(tree: TreeBuilder, { signFile, hash = "sha256", options = [], pairOptions = [] }: Request) {
  const { key, certificate } = makePair(tree.at("keys"), "a", pairOptions);
  const object = tree.write("demo.ko", content);
  execFileSync(signFile, [...options, hash, key, certificate, object]);
  return { object: fs.readFileSync(object), certificate: fs.readFileSync(certificate) };
}

testNeeding(
  check,
  parts,
  "accepts what sign-file makes: issuer or key identifier, any hash, RSA or EC",
  (part, { tree }) => {
    const signFile = realSignFile(part("two-kernels"));
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    for (const request of [
      { hash: "sha1" },
      { hash: "sha512" },
      { options: ["-k"] },
      { pairOptions: curve },
      { pairOptions: ["-set_serial", "1"] },
      { pairOptions: ["-set_serial", "0x00ff01"] },
      { pairOptions: ["-newkey", "rsa:4096"] },
    ]) {
      const { object, certificate } = signed(tree, { signFile, ...request });
      assert.equal(verdictOf(object, certificate), { kind: "valid" }, JSON.stringify(request));
    }
  },
);

testNeeding(check, parts, "tells an unsigned object, another signer and a changed object apart", (part, { tree }) => {
  const signFile = realSignFile(part("two-kernels"));
  const { object, certificate } = signed(tree, { signFile });
  assert.is(verdictOf(content, certificate).kind, "unsigned");
  const other = fs.readFileSync(makePair(tree.at("keys"), "b").certificate);
  assert.is(verdictOf(object, other).kind, "other-signer");
  const same = fs.readFileSync(makePair(tree.at("keys"), "c", ["-set_serial", "7", "-subj", "/CN=twin"]).certificate);
  const twin = makePair(tree.at("keys"), "d", ["-set_serial", "7", "-subj", "/CN=twin"]);
  const file = tree.write("twin.ko", content);
  execFileSync(signFile, ["sha256", twin.key, twin.certificate, file]);
  assert.is(verdictOf(fs.readFileSync(file), same).kind, "wrong", "issuer and serial alike, key not");
  assert.is(verdictOf(Buffer.concat([object, object]), certificate).kind, "wrong");
});

testNeeding(check, parts, "accepts no object of which a byte was changed", (part, { tree }) => {
  const { object, certificate } = signed(tree, { signFile: realSignFile(part("two-kernels")) });
  // Behind the signer's identity come only fields that the kernel reads too; before it, the content.
  const bytes = fc.oneof(fc.nat(content.length - 1), fc.integer({ min: object.length - 300, max: object.length - 41 }));
  fc.assert(
    fc.property(bytes, fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = Buffer.from(object);
      changed[at] = (changed[at] ?? 0) ^ change;
      return verdictOf(changed, certificate).kind !== "valid";
    }),
    { numRuns: 300 },
  );
});

testNeeding(check, parts, "survives any damage to the signature", (part, { tree }) => {
  const { object, certificate } = signed(tree, { signFile: realSignFile(part("two-kernels")) });
  const signature = object.length - content.length;
  fc.assert(
    fc.property(fc.nat(signature - 1), fc.nat(255), fc.nat(signature), (at, value, cut) => {
      const damaged = Buffer.from(object);
      damaged[content.length + at] = value;
      verdictOf(damaged, certificate);
      return verdictOf(object.subarray(0, content.length + cut), certificate).kind !== "other-signer";
    }),
    { numRuns: 300 },
  );
});

testNeeding(check, parts, "checks signed attributes where there are some", (_, { tree }) => {
  const { key, certificate } = makePair(tree.at("keys"));
  const object = tree.write("demo.ko", content);
  const [pem, message] = [tree.at("a.pem"), tree.at("demo.p7s")];
  execFileSync("openssl", ["x509", "-inform", "DER", "-in", certificate, "-out", pem]);
  const usual = [
    "cms",
    "-sign",
    "-binary",
    "-nocerts",
    "-md",
    "sha256",
    "-outform",
    "DER",
    "-signer",
    pem,
    "-inkey",
    key,
  ];
  execFileSync("openssl", [...usual, "-in", object, "-out", message]);
  const pkcs7 = fs.readFileSync(message);
  const header = Buffer.from([0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(pkcs7.length, 8);
  const tail = Buffer.concat([pkcs7, header, Buffer.from("~Module signature appended~\n")]);
  const der = fs.readFileSync(certificate);
  assert.equal(verdictOf(Buffer.concat([content, tail]), der), { kind: "valid" });
  const verdict = verdictOf(Buffer.concat([content, Buffer.from("x"), tail]), der);
  assert.ok(verdict.kind === "wrong" && /changed after/.test(verdict.problem));
});

check("says what OpenSSL says of a certificate that is none", () => {
  const checked = checkSignature(Buffer.from("an object"), Buffer.from("no certificate"));
  assert.is(checked.ok, false);
});

check.run();
