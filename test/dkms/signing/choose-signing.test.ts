import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Failure } from "../../../src/dkms/failure.ts";
import { chooseSigning } from "../../../src/dkms/signing/choose-signing.ts";
import type { SigningChoice, SigningSettings } from "../../../src/dkms/signing/signing.ts";
import type { HostOptions } from "../../../src/host/create-host.ts";
import { kernelOf, release, series, signingWorld, writeProgram } from "../../rig/signing-world.ts";
import { testNeeding } from "../../rig/test-needing.ts";
import type { TreeBuilder } from "../../rig/tree-builder.ts";

const choose = suite<{ tree: TreeBuilder }>("chooseSigning");
choose.before.each((context) => {
  context.tree = signingWorld("sha512");
});
choose.after.each(({ tree }) => tree.remove());

type Options = Partial<SigningSettings> & { readonly host?: Omit<HostOptions, "root"> };

async function choiceOf(tree: TreeBuilder, { host, ...settings }: Options = {}): Promise<SigningChoice> {
  const result = await chooseSigning(tree.host(host), kernelOf(tree), { policy: "optional", ...settings });
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result.value;
}

async function failureOf(tree: TreeBuilder, settings: Partial<SigningSettings> = {}): Promise<Failure> {
  const result = await chooseSigning(tree.host(), kernelOf(tree), { policy: "required", ...settings });
  if (result.ok) throw new Error(`it is ${result.value.kind}`);
  return result.error;
}

/** What is missing is a failure where signing is required, and else a notice with the same words and the remedy. */
async function expectMissing(tree: TreeBuilder, words: RegExp | string, settings: Partial<SigningSettings> = {}) {
  const failure = await failureOf(tree, settings);
  assert.is(failure.code, "E_SIGNING");
  assert.match(failure.message, words);
  const choice = await choiceOf(tree, settings);
  if (choice.kind !== "unsigned") throw new Error("it is to be signed");
  assert.is(choice.reason, failure.message);
  assert.equal(choice.notices, [`${failure.message} ${failure.remedy}`]);
}

function debianSignFile(tree: TreeBuilder): string {
  return writeProgram(tree, `usr/lib/linux-kbuild-${series}/scripts/sign-file`);
}

function writePair(tree: TreeBuilder, key: string, certificate: string): void {
  for (const file of [key, certificate]) tree.write(file, "");
}

const noProcess = {
  run: () => Promise.reject(new Error("a process was started")),
};

choose("signs nothing, and says nothing, where it is switched off", async ({ tree }) => {
  const choice = await choiceOf(tree, { policy: "off", host: noProcess });
  assert.equal([choice.kind, choice.notices], ["unsigned", []]);
});

choose("takes the hash of the kernel's configuration, and needs one there", async ({ tree }) => {
  debianSignFile(tree);
  writePair(tree, "var/lib/dkms/mok.key", "var/lib/dkms/mok.pub");
  const choice = await choiceOf(tree, { host: noProcess });
  assert.equal(choice, {
    kind: "sign",
    notices: [],
    signing: {
      policy: "optional",
      hash: "sha512",
      signFile: tree.at(`usr/lib/linux-kbuild-${series}/scripts/sign-file`),
      key: tree.at("var/lib/dkms/mok.key"),
      certificate: tree.at("var/lib/dkms/mok.pub"),
    },
  });
  tree.write(`usr/src/linux-headers-${release}/include/config/auto.conf`, "CONFIG_MODULES=y\n");
  await expectMissing(tree, /has no CONFIG_MODULE_SIG_HASH/);
});

choose("tells what is missing: sign-file, a half of the pair, the certificate of a token", async ({ tree }) => {
  await expectMissing(tree, /sign-file is not there/);
  debianSignFile(tree);
  tree.write("var/lib/dkms/mok.key", "precious");
  await expectMissing(tree, /mok\.pub is not a file: the signing key is not complete/);
  assert.is(fs.readFileSync(tree.at("var/lib/dkms/mok.key"), "utf8"), "precious");
  const pair = { key: "pkcs11:token=x", certificate: "/no.der" };
  await expectMissing(tree, `${tree.at("no.der")} of the signing key pkcs11:token=x is not there`, { pair });
  tree.write("no.der", "");
  const choice = await choiceOf(tree, { pair, host: noProcess });
  assert.ok(choice.kind === "sign" && choice.signing.key === "pkcs11:token=x");
});

choose("lets the settings beat framework.conf, and that the usual places", async ({ tree }) => {
  const framework = writeProgram(tree, `framework/${release}/sign`);
  writeProgram(tree, "settings/sign");
  writePair(tree, `framework/${release}.key`, `framework/${release}.pub`);
  writePair(tree, `settings/${release}.key`, "settings/a.pub");
  const lines = ["sign_file='/framework/$kernelver/sign'", "mok_signing_key=/framework/$kernelver.key"];
  tree.write("etc/dkms/framework.conf", `${lines.join("\n")}\nmok_certificate='/framework/$kernelver.pub'`);
  const first = await choiceOf(tree, { host: noProcess });
  assert.ok(first.kind === "sign");
  assert.is(first.signing.signFile, framework);
  assert.is(first.signing.key, tree.at(`framework/${release}.key`));
  assert.is(first.signing.certificate, tree.at(`framework/${release}.pub`));
  const pair = { key: "/settings/$kernelver.key", certificate: "/settings/a.pub" };
  const second = await choiceOf(tree, { signFile: "/settings/sign", pair, host: noProcess });
  assert.ok(second.kind === "sign");
  assert.is(second.signing.signFile, tree.at("settings/sign"));
  assert.is(second.signing.key, tree.at(`settings/${release}.key`));
});

choose("uses Ubuntu's own key, and leaves the making of it to Ubuntu", async ({ tree }) => {
  tree.write("etc/os-release", "ID=ubuntu\nID_LIKE=debian\n");
  writeProgram(tree, `usr/src/linux-headers-${release}/scripts/sign-file`);
  await expectMissing(tree, /MOK\.priv is not there, and update-secureboot-policy cannot make it here/);
  writePair(tree, "var/lib/shim-signed/mok/MOK.priv", "var/lib/shim-signed/mok/MOK.der");
  const choice = await choiceOf(tree, { host: noProcess });
  assert.ok(choice.kind === "sign" && choice.signing.certificate === tree.at("var/lib/shim-signed/mok/MOK.der"));
});

choose("uses a key in the usual tree where the DKMS tree is another, but makes none there", async ({ tree }) => {
  debianSignFile(tree);
  const host = { dkmsTree: tree.at("srv/dkms") };
  writePair(tree, "var/lib/dkms/mok.key", "var/lib/dkms/mok.pub");
  const usual = await choiceOf(tree, { host: { ...host, ...noProcess } });
  assert.ok(usual.kind === "sign" && usual.signing.key === tree.at("var/lib/dkms/mok.key"));
  writePair(tree, "srv/dkms/mok.key", "srv/dkms/mok.pub");
  const own = await choiceOf(tree, { host: { ...host, ...noProcess } });
  assert.ok(own.kind === "sign" && own.signing.key === tree.at("srv/dkms/mok.key"));
});

testNeeding(choose, ["openssl"], "makes the key if there is none, once, and says so", async (_, { tree }) => {
  debianSignFile(tree);
  const first = await choiceOf(tree);
  assert.ok(first.kind === "sign" && first.notices.length === 1);
  assert.match(first.notices[0] ?? "", tree.at("var/lib/dkms/mok.key"));
  const again = await choiceOf(tree, { host: noProcess });
  assert.equal(again, { ...first, notices: [] });
});

choose("goes by the policy where there is no openssl", async ({ tree }) => {
  debianSignFile(tree);
  const choice = await choiceOf(tree, { host: { searchPath: "/nowhere" } });
  assert.ok(choice.kind === "unsigned" && /no openssl/.test(choice.notices[0] ?? ""));
});

choose("fails, whatever the policy, where framework.conf cannot be understood", async ({ tree }) => {
  tree.write("etc/dkms/framework.conf", "if then");
  const result = await chooseSigning(tree.host(), kernelOf(tree), { policy: "optional" });
  assert.ok(!result.ok && result.error.code === "E_CONF_INVALID");
});

choose.run();
