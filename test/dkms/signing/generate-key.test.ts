import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { generateKey } from "../../../src/dkms/signing/generate-key.ts";
import { testNeeding } from "../../rig/test-needing.ts";
import { dkmsTree, type TreeBuilder } from "../../rig/tree-builder.ts";
import { treeListing } from "../../rig/tree-listing.ts";

const generate = suite<{ tree: TreeBuilder }>("generateKey");
generate.before.each((context) => {
  context.tree = dkmsTree();
});
generate.after.each(({ tree }) => tree.remove());

function pairIn(tree: TreeBuilder) {
  return { key: tree.at("keys/mok.key"), certificate: tree.at("public/mok.pub") };
}

testNeeding(
  generate,
  ["openssl"],
  "makes the pair that dell/dkms makes, the key for its owner alone",
  async (_, { tree }) => {
    const pair = pairIn(tree);
    assert.equal(await generateKey(tree.host(), pair), { ok: true, value: true });
    const { raw, subject, issuer, publicKey, validFrom, validTo, keyUsage } = new X509Certificate(
      fs.readFileSync(pair.certificate),
    );
    assert.equal([subject, issuer], ["CN=DKMS module signing key", "CN=DKMS module signing key"]);
    assert.equal(publicKey.asymmetricKeyDetails?.modulusLength, 2048);
    assert.equal(keyUsage, ["1.3.6.1.5.5.7.3.3"]);
    assert.is(Math.round((Date.parse(validTo) - Date.parse(validFrom)) / 86_400_000), 36_500);
    assert.equal(Buffer.from(raw), fs.readFileSync(pair.certificate), "DER, not PEM");
    assert.is(fs.statSync(pair.key).mode & 0o777, 0o600);
    assert.is(fs.statSync(pair.certificate).mode & 0o777, 0o644);
    const modulus = execFileSync("openssl", ["rsa", "-in", pair.key, "-pubout"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    assert.is(publicKey.export({ type: "spki", format: "pem" }), modulus.toString());
    const files = treeListing(tree.root).filter((line) => /keys|public/.test(line));
    assert.is(files.length, 4, files.join("\n"));
  },
);

testNeeding(generate, ["openssl"], "leaves a complete pair alone, and half of one too", async (_, { tree }) => {
  const pair = pairIn(tree);
  const refuse = { run: () => Promise.reject(new Error("a process was started")) };
  for (const [there, missing] of [
    [pair.key, pair.certificate],
    [pair.certificate, pair.key],
  ] as const) {
    tree.write(there.slice(tree.root.length), "precious");
    const result = await generateKey(tree.host(refuse), pair);
    assert.ok(!result.ok && result.error.code === "E_SIGNING" && result.error.path === missing);
    assert.match(result.error.remedy ?? "", missing);
    assert.is(fs.readFileSync(there, "utf8"), "precious");
    assert.not(fs.existsSync(missing));
    fs.rmSync(there);
  }
  fs.symlinkSync("/nowhere/at/all", pair.key);
  const dangling = await generateKey(tree.host(refuse), pair);
  assert.ok(!dangling.ok && dangling.error.code === "E_SIGNING");
  fs.rmSync(pair.key);
  for (const file of [pair.key, pair.certificate]) tree.write(file.slice(tree.root.length), "precious");
  assert.equal(await generateKey(tree.host(refuse), pair), { ok: true, value: false });
});

testNeeding(generate, ["openssl"], "does not overwrite what somebody else makes meanwhile", async (_, { tree }) => {
  const pair = pairIn(tree);
  const { run } = tree.host();
  const racing = tree.host({
    run: async (command) => {
      const result = await run(command);
      for (const file of [pair.key, pair.certificate]) tree.write(file.slice(tree.root.length), "theirs");
      return result;
    },
  });
  assert.equal(await generateKey(racing, pair), { ok: true, value: false });
  assert.is(fs.readFileSync(pair.key, "utf8"), "theirs");
  const both = { key: tree.at("two/a.key"), certificate: tree.at("two/a.pub") };
  const results = await Promise.all([generateKey(tree.host(), both), generateKey(tree.host(), both)]);
  assert.equal(results.map((result) => result.ok && result.value).sort(), [false, true]);
});

testNeeding(generate, ["openssl"], "takes the key back if the certificate cannot be placed", async (_, { tree }) => {
  const pair = pairIn(tree);
  const host = tree.host();
  const files = {
    ...host.files,
    link: (from: string, to: string) => {
      if (to === pair.certificate)
        throw Object.assign(new Error("full"), { code: "ENOSPC", syscall: "link", dest: to });
      host.files.link(from, to);
    },
  };
  const result = await generateKey({ ...host, files }, pair);
  assert.ok(!result.ok && result.error.code === "E_NO_SPACE");
  assert.equal(fs.readdirSync(tree.at("keys")), []);
});

testNeeding(generate, ["openssl"], "manages without hard links", async (_, { tree }) => {
  const host = tree.host();
  const link = () => {
    throw Object.assign(new Error("no links here"), { code: "EPERM", syscall: "link" });
  };
  const pair = pairIn(tree);
  assert.equal(await generateKey({ ...host, files: { ...host.files, link } }, pair), { ok: true, value: true });
  assert.is(fs.statSync(pair.key).mode & 0o777, 0o600);
});

generate("says what is missing where there is no openssl, and leaves nothing behind", async ({ tree }) => {
  const pair = pairIn(tree);
  const result = await generateKey(tree.host({ searchPath: "/nowhere" }), pair);
  assert.ok(!result.ok && result.error.code === "E_SIGNING");
  assert.match(result.error.message, /no openssl/);
  assert.equal(fs.readdirSync(tree.at("keys")), []);
});

generate("finishes a pair that a killed run has placed half of, and no other one", async ({ tree }) => {
  const pair = pairIn(tree);
  const host = { ...tree.host(), run: () => Promise.reject(new Error("a process was started")) };
  tree.write("keys/mok.key", "key");
  tree.write("keys/.dkms-agent-key-aB3xyz/certificate", "certificate");
  tree.write("keys/.dkms-agent-key-aB3xyz/key", "another");
  fs.mkdirSync(tree.at("public"));
  const refused = await generateKey(host, pair);
  assert.is(refused.ok ? "" : refused.error.code, "E_SIGNING");
  tree.write("keys/.dkms-agent-key-aB3xyz/key", "key");
  assert.equal(await generateKey(host, pair), { ok: true, value: false });
  assert.is(fs.readFileSync(pair.certificate, "utf8"), "certificate");
  assert.equal(fs.readdirSync(tree.at("keys")), ["mok.key"]);
});

generate.run();
