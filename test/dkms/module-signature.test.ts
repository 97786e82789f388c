import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ModuleSignature } from "../../src/dkms/module-info.ts";
import { readModuleSignature } from "../../src/dkms/module-signature.ts";
import { imageObjects, plainObject } from "../rig/image-objects.ts";
import { kernelObject } from "../rig/kernel-object.ts";
import { fromModinfo, modinfoOf } from "../rig/modinfo.ts";
import { testNeeding } from "../rig/test-needing.ts";

const signature = suite<{ directory: string }>("readModuleSignature");
const object = kernelObject([["name", "demo"]]);
const unreadable = { signer: undefined, hash: undefined, key: undefined };

signature.before.each((context) => {
  context.directory = mkdtempSync(join(tmpdir(), "module-signature-"));
});
signature.after.each(({ directory }) => rmSync(directory, { recursive: true }));

/** struct module_signature and the marker behind a signature that is `size` bytes long. */
function trailer({ size, idType = 2, hash = 0, signer = 0, key = 0 }: Record<string, number>): Buffer {
  const header = Buffer.from([0, hash, idType ?? 2, signer, key, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(size ?? 0, 8);
  return Buffer.concat([header, Buffer.from("~Module signature appended~\n")]);
}

signature("is undefined where nothing is appended", () => {
  assert.is(readModuleSignature(object), undefined);
  assert.is(readModuleSignature(Buffer.alloc(0)), undefined);
  assert.is(readModuleSignature(Buffer.from("~Module signature appended~\n, and more")), undefined);
});

signature("reports a signature that cannot be read as one by nobody known", () => {
  const alone = new Uint8Array(Buffer.from("~Module signature appended~\n"));
  assert.equal(readModuleSignature(alone), unreadable);
  assert.equal(readModuleSignature(Buffer.concat([object, trailer({ size: 0 })])), unreadable);
  assert.equal(readModuleSignature(Buffer.concat([object, trailer({ size: 0xffffffff })])), unreadable);
  assert.equal(readModuleSignature(Buffer.concat([object, trailer({ size: 20 })])), unreadable);
  const plain = { idType: 1, hash: 4, signer: 3 };
  assert.equal(readModuleSignature(Buffer.concat([object, trailer({ ...plain, size: 0 })])), unreadable);
  assert.equal(readModuleSignature(trailer({ ...plain, size: 1 })), unreadable);
});

testNeeding(
  signature,
  ["kmod"],
  "reads the older form, where signer and key stand before the signature",
  (_, context) => {
    const parts = [object, Buffer.from("Some Body"), Buffer.from("0102ff", "hex"), Buffer.alloc(64, 7)];
    const signed = Buffer.concat([...parts, trailer({ size: 64, idType: 1, hash: 4, signer: 9, key: 3 })]);
    const path = join(context.directory, "old.ko");
    writeFileSync(path, signed);
    assert.equal(readModuleSignature(signed), { signer: "Some Body", hash: "sha256", key: "01:02:FF" });
    assert.equal(readModuleSignature(signed), signatureByModinfo(path));
  },
);

interface Certificate {
  readonly subject: string;
  readonly serial?: string;
  readonly hash?: string;
  /** sign-file's own, such as -k. */
  readonly options?: readonly string[];
}

const certificates: readonly Certificate[] = [
  { subject: "/CN=DKMS module signing key", hash: "sha1" },
  { subject: "/CN=DKMS module signing key", hash: "sha224" },
  { subject: "/CN=DKMS module signing key", hash: "sha384" },
  { subject: "/CN=DKMS module signing key", hash: "sha512" },
  { subject: "/O=Acme Örtlich/CN=Ünï/emailAddress=a@b.example" },
  { subject: "/CN=first/CN=second/O=last" },
  { subject: "/O=No common name/OU=last part" },
  { subject: "/CN=Zero in front", serial: "0x00ff01" },
  { subject: "/CN=Small", serial: "1" },
  { subject: `/CN=${"long ".repeat(12)}end`, serial: "0x7fffffffffffffffffffffffffffffffffffffff" },
];

testNeeding(
  signature,
  ["headers", "openssl", "kmod"],
  "agrees with modinfo about signatures by sign-file, whatever key and hash",
  (part, { directory }) => {
    const signFile = signFileOf(part("headers").kernels);
    for (const [index, certificate] of certificates.entries()) {
      const path = sign(join(directory, `${index}.ko`), certificate, signFile);
      const ours = readModuleSignature(readFileSync(path));
      assert.equal(ours, signatureByModinfo(path), certificate.subject);
      assert.is(ours?.hash, certificate.hash ?? "sha256");
    }
  },
);

testNeeding(
  signature,
  ["headers", "openssl"],
  "takes the key identifier for the key where the signature names no issuer",
  (part, { directory }) => {
    const path = join(directory, "id.ko");
    sign(path, { subject: "/CN=x", options: ["-k"] }, signFileOf(part("headers").kernels));
    const text = execFileSync("openssl", [
      "x509",
      "-inform",
      "DER",
      "-in",
      `${path}.der`,
      "-noout",
      "-text",
    ]).toString();
    const identifier = /Subject Key Identifier: \n? *([0-9A-F:]+)/.exec(text)?.[1];
    assert.ok(identifier);
    assert.equal(readModuleSignature(readFileSync(path)), { signer: undefined, hash: "sha256", key: identifier });
  },
);

testNeeding(signature, ["linux-image"], "never throws on a damaged signature of a real kernel", async (part) => {
  const [path = ""] = imageObjects(part("linux-image").modules, 1);
  const end = (await plainObject(path)).subarray(-1200);
  assert.ok(readModuleSignature(end)?.signer, "the kernel's own objects are signed");
  const patch = fc.tuple(fc.nat(end.length - 29), fc.oneof(fc.constantFrom(0, 0x7f, 0x80, 0x84, 0xff), fc.nat(255)));
  fc.assert(
    fc.property(fc.array(patch, { minLength: 1, maxLength: 6 }), (patches) => {
      const damaged = Buffer.from(end);
      for (const [at, byte] of patches) damaged[at] = byte;
      const found = readModuleSignature(damaged);
      assert.ok(found);
      assert.match(found.key ?? "", /^(([0-9A-F]{2}:)*[0-9A-F]{2})?$/);
    }),
    { numRuns: 3000 },
  );
});

function signFileOf(kernels: readonly { readonly directory: string }[]): string {
  return join(kernels.at(-1)?.directory ?? "", "scripts/sign-file");
}

function sign(path: string, { subject, serial, hash = "sha256", options = [] }: Certificate, signFile: string): string {
  const [key, certificate] = [join(dirname(path), "key.pem"), `${path}.der`];
  if (!existsSync(key)) execFileSync("openssl", ["genrsa", "-out", key, "2048"], { stdio: "ignore" });
  const number = serial === undefined ? [] : ["-set_serial", serial];
  const request = ["req", "-new", "-x509", "-key", key, "-utf8", "-days", "2", "-subj", subject];
  execFileSync("openssl", [...request, ...number, "-outform", "DER", "-out", certificate], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  writeFileSync(path, object);
  execFileSync(signFile, [...options, hash, key, certificate, path]);
  return path;
}

function signatureByModinfo(path: string): ModuleSignature | undefined {
  return modinfoOf([path]).map((fields) => fromModinfo(fields).signature)[0];
}

signature.run();
