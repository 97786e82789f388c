import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { signObject } from "../../../src/dkms/signing/sign-object.ts";
import type { Signing } from "../../../src/dkms/signing/signing.ts";
import { dellDkms } from "../../rig/dell-dkms.ts";
import { fakeObject } from "../../rig/fake-object.ts";
import { makePair, realSignFile, release, signingWorld, writeProgram } from "../../rig/signing-world.ts";
import { testNeeding } from "../../rig/test-needing.ts";
import type { TreeBuilder } from "../../rig/tree-builder.ts";
import { treeListing } from "../../rig/tree-listing.ts";

const sign = suite<{ tree: TreeBuilder }>("signObject");
sign.before.each((context) => {
  context.tree = signingWorld();
});
sign.after.each(({ tree }) => tree.remove());

const content = fakeObject({ name: "demo", release });

function writeObject(tree: TreeBuilder): string {
  return tree.write("staging/demo.ko", content);
}

/** Nothing beside the object is left behind. */
function expectAlone(tree: TreeBuilder): void {
  assert.equal(fs.readdirSync(tree.at("staging")), ["demo.ko"]);
}

const parts = ["two-kernels", "openssl"] as const;

testNeeding(sign, [...parts, "kmod"], "appends what modinfo reads, and keeps the mode", async (part, { tree }) => {
  const object = writeObject(tree);
  fs.chmodSync(object, 0o640);
  const pair = makePair(tree.at("keys"));
  for (const hash of ["sha1", "sha256", "sha384", "sha512"]) {
    fs.writeFileSync(object, content);
    const signing = { ...pair, hash, signFile: realSignFile(part("two-kernels")), policy: "required" } as const;
    assert.equal(await signObject(tree.host(), signing, object), { ok: true, value: [] });
    const said = execFileSync("modinfo", [object], { encoding: "utf8" });
    assert.match(said, /^signer: +key a$/m);
    assert.match(said, new RegExp(`^sig_hashalgo: +${hash}$`, "m"));
    assert.ok(fs.readFileSync(object).subarray(0, content.length).equals(content));
  }
  assert.is(fs.statSync(object).mode & 0o777, 0o640);
  expectAlone(tree);
});

testNeeding(
  sign,
  [...parts, "dkms", "root", "make"],
  "makes the bytes that dell/dkms 3.2.2 makes",
  async (part, { tree }) => {
    const pair = makePair(tree.at("keys"));
    const signFile = realSignFile(part("two-kernels"));
    tree.link(signFile, `usr/src/linux-headers-${release}/scripts/sign-file`);
    tree.link(tree.at(`usr/src/linux-headers-${release}`), `lib/modules/${release}/seen`);
    tree.write("etc/dkms/framework.conf", `mok_signing_key=${pair.key}\nmok_certificate='${pair.certificate}'\n`);
    const conf =
      'PACKAGE_NAME=demo\nPACKAGE_VERSION=1\nDEST_MODULE_LOCATION=/updates\nSTRIP=no\nMAKE="cp made demo.ko"\n';
    tree.module("demo/1", { conf, source: { made: "" } });
    tree.write("usr/src/demo-1/made", content);
    const dkms = dellDkms(part("dkms"), tree);
    const headers = `--kernelsourcedir=${tree.at(`usr/src/linux-headers-${release}`)}`;
    const built = dkms.run([
      "build",
      "demo/1",
      "-k",
      `${release}/x86_64`,
      headers,
      "--installtree",
      tree.at("lib/modules"),
    ]);
    assert.is(built.exitCode, 0, built.stdout + built.stderr);
    const object = writeObject(tree);
    const signing: Signing = { ...pair, hash: "sha256", signFile, policy: "required" };
    assert.ok((await signObject(tree.host(), signing, object)).ok);
    const theirs = fs.readFileSync(tree.at("var/lib/dkms/demo/1", release, "x86_64/module/demo.ko"));
    assert.ok(theirs.length > content.length, `dell/dkms did not sign: ${built.stdout}`);
    assert.ok(fs.readFileSync(object).equals(theirs), built.stdout);
  },
);

testNeeding(sign, parts, "signs with keys of elliptic curves, and with a PEM certificate", async (part, { tree }) => {
  const { key, certificate } = makePair(tree.at("keys"), "ec", [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-384",
  ]);
  const pem = tree.at("keys/ec.pem");
  execFileSync("openssl", ["x509", "-inform", "DER", "-in", certificate, "-out", pem]);
  const object = writeObject(tree);
  const signFile = realSignFile(part("two-kernels"));
  const signing: Signing = { key, certificate: pem, hash: "sha384", signFile, policy: "required" };
  assert.equal(await signObject(tree.host(), signing, object), { ok: true, value: [] });
});

/** A sign-file that fails in some way; `$4` is the object. */
const faults: readonly (readonly [title: string, script: string, message: RegExp])[] = [
  ["says no", "echo 'bad decrypt' >&2; exit 1", /could not sign demo\.ko: bad decrypt/],
  ["does nothing", "exit 0", /did not: demo\.ko is not signed/],
  ["destroys the object", ': > "$4"', /demo\.ko/],
  ["leaves files beside the object and fails", 'touch "$4.~signed~"; exit 3', /it ended with 3/],
  [
    "appends rubbish",
    "printf 'abcdefghijklmnop\\0\\0\\2\\0\\0\\0\\0\\0\\0\\0\\0\\020~Module signature appended~\\n' >> \"$4\"",
    /not a PKCS#7 signature/,
  ],
];

for (const [title, script, message] of faults) {
  testNeeding(sign, ["openssl"], `leaves the object as it was if sign-file ${title}`, async (_, { tree }) => {
    const object = writeObject(tree);
    const signFile = writeProgram(tree, "sign", `#!/bin/sh\n${script}\n`);
    const signing: Signing = { ...makePair(tree.at("keys")), hash: "sha256", signFile, policy: "required" };
    const before = treeListing(tree.at("staging"));
    const refused = await signObject(tree.host(), signing, object);
    if (refused.ok) throw new Error("it was signed");
    assert.match(refused.error.message, message);
    assert.is(refused.error.code, "E_SIGNING");
    assert.equal(treeListing(tree.at("staging")), before);
    const optional = await signObject(tree.host(), { ...signing, policy: "optional" }, object);
    assert.ok(optional.ok);
    assert.is(optional.value.length, 1);
    assert.match(optional.value[0] ?? "", message);
    assert.equal(treeListing(tree.at("staging")), before);
  });
}

for (const policy of ["required", "optional"] as const) {
  testNeeding(sign, ["openssl"], `fails if sign-file is killed, where signing is ${policy}`, async (_, { tree }) => {
    const object = writeObject(tree);
    const signFile = writeProgram(tree, "sign", "#!/bin/sh\nkill -9 $$\n");
    const before = treeListing(tree.at("staging"));
    const killed = await signObject(
      tree.host(),
      { ...makePair(tree.at("keys")), hash: "sha256", signFile, policy },
      object,
    );
    if (killed.ok) throw new Error("it was signed");
    assert.is(killed.error.code, "E_KILLED");
    assert.match(killed.error.message, /^A program was killed during .*sign demo\.ko/);
    assert.equal(treeListing(tree.at("staging")), before);
  });
}

testNeeding(sign, parts, "refuses a certificate of another key, whatever sign-file did", async (part, { tree }) => {
  const object = writeObject(tree);
  const real = realSignFile(part("two-kernels"));
  const [own, other] = [makePair(tree.at("keys"), "own"), makePair(tree.at("keys"), "other")];
  const wrong: Signing = { ...own, certificate: other.certificate, hash: "sha256", signFile: real, policy: "required" };
  const mismatch = await signObject(tree.host(), wrong, object);
  assert.ok(!mismatch.ok && mismatch.error.code === "E_SIGNING");
  const script = `#!/bin/sh\nexec ${real} "$1" ${other.key} ${other.certificate} "$4"\n`;
  const signFile = writeProgram(tree, "sign", script);
  const swapped = await signObject(tree.host(), { ...own, hash: "sha256", signFile, policy: "required" }, object);
  assert.ok(!swapped.ok && /another key/.test(swapped.error.message));
  assert.ok(fs.readFileSync(object).equals(content));
});

sign("fails with E_CANCELLED when the run is stopped, also where signing is optional", async ({ tree }) => {
  const object = writeObject(tree);
  const signFile = writeProgram(tree, "sign");
  const signing: Signing = { key: "/k", certificate: "/c", hash: "sha256", signFile, policy: "optional" };
  const result = await signObject(tree.host({ signal: AbortSignal.abort() }), signing, object);
  assert.ok(!result.ok && result.error.code === "E_CANCELLED");
  expectAlone(tree);
});

sign.run();
