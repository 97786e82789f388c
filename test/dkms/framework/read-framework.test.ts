import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Failure } from "../../../src/dkms/failure.ts";
import type { Framework } from "../../../src/dkms/framework/framework.ts";
import { readFramework } from "../../../src/dkms/framework/read-framework.ts";
import type { KernelId } from "../../../src/dkms/id.ts";
import type { Run } from "../../../src/host/run.ts";
import { dellDkms } from "../../rig/dell-dkms.ts";
import { testNeeding } from "../../rig/test-needing.ts";
import { dkmsTree, type TreeBuilder } from "../../rig/tree-builder.ts";

const kernel: KernelId = { release: "6.1.0-56-amd64", arch: "x86_64" };

const read = suite<{ tree: TreeBuilder }>("readFramework");
read.before.each((context) => {
  context.tree = dkmsTree();
});
read.after.each(({ tree }) => tree.remove());

const noProcess: Run = async () => {
  throw new Error("a process was started");
};

async function frameworkOf(tree: TreeBuilder, options: { kernel?: KernelId; run?: Run } = {}): Promise<Framework> {
  const result = await readFramework(tree.host(options.run ? { run: options.run } : {}), options.kernel);
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result.value;
}

async function failureOf(tree: TreeBuilder): Promise<Failure> {
  const result = await readFramework(tree.host());
  if (result.ok) throw new Error("it was read");
  return result.error;
}

const defaults: Framework = {
  sourceTree: "/usr/src",
  dkmsTree: "/var/lib/dkms",
  installTree: "/lib/modules",
  tmpLocation: "/tmp",
  verbose: false,
  symlinkModules: false,
  autoinstallAllKernels: false,
  modprobeOnInstall: false,
  parallelJobs: undefined,
  compressOptions: { gz: [], xz: ["--check=crc32", "--lzma2=dict=1MiB"], zst: ["-q", "--rm", "-T0"] },
  signFile: undefined,
  mokSigningKey: undefined,
  mokCertificate: undefined,
  postTransaction: undefined,
  notices: [],
};

read("is all defaults, without a process, where there is no file", async ({ tree }) => {
  assert.equal(await frameworkOf(tree, { run: noProcess }), defaults);
  assert.equal(await frameworkOf(tree, { run: noProcess, kernel }), defaults);
});

read("takes every setting of a file of plain assignments without a process", async ({ tree }) => {
  const text = [
    "source_tree=/srv/src # comment",
    'dkms_tree="/srv/dkms"',
    "install_tree='/srv/modules'",
    "tmp_location=/var/tmp",
    "verbose=1 symlink_modules=no",
    "autoinstall_all_kernels=y\nmodprobe_on_install=true",
    'parallel_jobs="3"',
    'compress_gzip_opts="-6"\ncompress_xz_opts=""\ncompress_zstd_opts="-q  --rm -3"',
    "sign_file=/sbin/sign mok_signing_key=pkcs11:token=x",
    'mok_certificate="$dkms_tree/${source_tree}.pub"',
    'post_transaction="/usr/local/sbin/hook $kernelver"',
  ];
  tree.write("etc/dkms/framework.conf", `${text.join("\n")}\n`);
  assert.equal(await frameworkOf(tree, { run: noProcess, kernel }), {
    sourceTree: "/srv/src",
    dkmsTree: "/srv/dkms",
    installTree: "/srv/modules",
    tmpLocation: "/var/tmp",
    verbose: true,
    symlinkModules: true,
    autoinstallAllKernels: true,
    modprobeOnInstall: true,
    parallelJobs: 3,
    compressOptions: { gz: ["-6"], xz: [], zst: ["-q", "--rm", "-3"] },
    signFile: "/sbin/sign",
    mokSigningKey: "pkcs11:token=x",
    mokCertificate: "/srv/dkms//srv/src.pub",
    postTransaction: "/usr/local/sbin/hook 6.1.0-56-amd64",
    notices: [],
  });
});

read("fills in the kernel between single quotes too, and nothing without a kernel", async ({ tree }) => {
  tree.write(
    "etc/dkms/framework.conf",
    "mok_signing_key='/k/$kernelver.key'\nmok_certificate=\"/k/\\${kernelver}.pub\"\n",
  );
  const one = await frameworkOf(tree, { run: noProcess, kernel });
  assert.equal([one.mokSigningKey, one.mokCertificate], ["/k/6.1.0-56-amd64.key", "/k/6.1.0-56-amd64.pub"]);
  const other = await frameworkOf(tree, { run: noProcess, kernel: { ...kernel, release: "6.12.1" } });
  assert.is(other.mokSigningKey, "/k/6.12.1.key");
  assert.is((await frameworkOf(tree, { run: noProcess })).mokSigningKey, "/k/.key");
});

read("sources framework.conf.d/*.conf afterwards, by name, each on top of the ones before", async ({ tree }) => {
  tree.write("etc/dkms/framework.conf", "sign_file=/main mok_signing_key=/main");
  tree.write("etc/dkms/framework.conf.d/20-b.conf", "mok_certificate=$mok_signing_key.pub");
  tree.write("etc/dkms/framework.conf.d/10-a.conf", "mok_signing_key=/ten");
  for (const name of ["30-c.conf.bak", ".hidden.conf", "readme"])
    tree.write(`etc/dkms/framework.conf.d/${name}`, "mok_signing_key=/no sign_file=/no mok_certificate=/no");
  const { signFile, mokSigningKey, mokCertificate } = await frameworkOf(tree, { run: noProcess });
  assert.equal([signFile, mokSigningKey, mokCertificate], ["/main", "/ten", "/ten.pub"]);
});

read("drops the CR of DOS line ends", async ({ tree }) => {
  tree.write("etc/dkms/framework.conf", 'dkms_tree="/srv/dkms"\r\n\r\nparallel_jobs=2\r\n');
  const { dkmsTree: place, parallelJobs } = await frameworkOf(tree, { run: noProcess });
  assert.equal([place, parallelJobs], ["/srv/dkms", 2]);
});

read("asks bash for what is more than assignments", async ({ tree }) => {
  tree.write(
    "etc/dkms/framework.conf",
    'if [[ $kernelver == 6.1.* ]]; then sign_file="$(echo /usr/lib/linux-kbuild-${kernelver%.*}/sign-file)"; fi\necho hello\necho odd >&2',
  );
  const { signFile, notices } = await frameworkOf(tree, { kernel });
  assert.equal([signFile, notices], ["/usr/lib/linux-kbuild-6.1/sign-file", ["odd"]]);
});

read("lets nothing else out: not PATH, IFS, module, functions, traps, or what the loader obeys", async ({ tree }) => {
  const evil = [
    "export PATH=/nowhere LD_PRELOAD=/nowhere.so BASH_ENV=/nowhere IFS=_a CC=evil MAKEFLAGS=-k",
    "module=evil; module_version=evil; arch=evil; kernelver=evil",
    "printf() { echo no; }; bash() { :; }; trap 'echo gone' EXIT DEBUG; umask 777; set -e -u",
    "dkms_conf=evil; PACKAGE_NAME=evil; MAKE=evil",
    "parallel_jobs=2",
  ].join("\n");
  const environment = JSON.stringify(process.env);
  tree.write("etc/dkms/framework.conf", evil);
  tree.write("etc/dkms/framework.conf.d/later.conf", 'sign_file="$module$MAKE$CC/$kernelver"; true');
  assert.equal(await frameworkOf(tree, { kernel }), { ...defaults, parallelJobs: 2, signFile: `/${kernel.release}` });
  assert.is(JSON.stringify(process.env), environment);
  const { stdout } = await tree
    .host()
    .run({ file: "bash", args: ["-c", 'echo "$LD_PRELOAD$CC$module"'], timeoutMs: 9000 });
  assert.is(stdout, "\n");
});

read("says what is wrong with a file that ends the shell, is not bash, or is none", async ({ tree }) => {
  for (const text of ["exit 3", "if then"]) {
    const file = tree.write("etc/dkms/framework.conf", text);
    const failure = await failureOf(tree);
    assert.equal([failure.code, failure.path], ["E_CONF_INVALID", file]);
    assert.match(failure.remedy ?? "", /plain assignments/);
  }
  fs.rmSync(tree.at("etc/dkms/framework.conf"));
  fs.mkdirSync(tree.at("etc/dkms/framework.conf"));
  assert.match((await failureOf(tree)).message, /framework\.conf is not a plain file/);
});

read("tells of a number of jobs that is none", async ({ tree }) => {
  for (const [text, notices] of [
    ["parallel_jobs=many", 1],
    ["parallel_jobs=0", 0],
  ] as const) {
    tree.write("etc/dkms/framework.conf", text);
    const framework = await frameworkOf(tree);
    assert.equal([framework.parallelJobs, framework.notices.length], [undefined, notices], text);
  }
});

read("sees the trees without the root in front of them", async ({ tree }) => {
  tree.write("etc/dkms/framework.conf", "mok_signing_key=$dkms_tree/a.key");
  assert.is((await frameworkOf(tree)).mokSigningKey, "/var/lib/dkms/a.key");
});

/** dell/dkms prints what it reads; the pairs exist, so that it makes none. */
testNeeding(read, ["dkms", "root"], "finds the keys that dell/dkms 3.2.2 finds", async (part, { tree }) => {
  const keys = tree.at("keys");
  const dkms = dellDkms(part("dkms"), tree);
  const running = execFileSync("uname", ["-r"], { encoding: "utf8" }).trim();
  const texts = [
    `mok_signing_key='${keys}/$kernelver.key'\nmok_certificate="${keys}/\\\${kernelver}.pub"`,
    `mok_signing_key=${keys}/\${kernelver}.key; mok_certificate=${keys}/x.pub`,
    `mok_signing_key='${keys}/a  b.key'\nmok_certificate="${keys}/\\$kernelver.pub"`,
    `mok_signing_key=${keys}/$(echo sub).key\r\nmok_certificate=${keys}/x.pub\r\n`,
    `mok_signing_key=(${keys}/array.key no)\nmok_certificate=${keys}/\${module}${"$"}{PACKAGE_NAME}x.pub`,
    `a=${keys}\nmok_signing_key=$a/x.key mok_certificate='$a/y.pub'`,
    `mok_certificate=${keys}/x.pub\nmok_signing_key='$mok_certificate.key'`,
    `tmp_location=${keys}\nmok_signing_key='$tmp_location/x.key'\nmok_certificate=\${tmp_location}/x.pub`,
  ];
  for (const text of texts) {
    tree.write("etc/dkms/framework.conf", text);
    const ours = await readFramework(tree.host(), { release: running, arch: "x86_64" });
    assert.ok(ours.ok, text);
    for (const file of [ours.value.mokSigningKey ?? "", ours.value.mokCertificate ?? ""])
      if (file.startsWith(keys)) tree.write(file.slice(tree.root.length), "");
    const said = dkms.run(["generate_mok"]).stdout;
    const theirs = [/^Signing key: (.*)$/m, /^Public certificate \(MOK\): (.*)$/m].map((line) => line.exec(said)?.[1]);
    assert.equal([ours.value.mokSigningKey, ours.value.mokCertificate], theirs, text);
  }
});

testNeeding(read, ["dkms"], "finds the trees that dell/dkms 3.2.2 finds", async (part, { tree }) => {
  const dkms = dellDkms(part("dkms"), tree);
  tree.module("demo/1.0");
  const other = tree.at("srv/dkms");
  fs.mkdirSync(tree.at("srv"));
  fs.renameSync(tree.at("var/lib/dkms"), other);
  for (const text of [`dkms_tree=${other}`, `x=${other}; dkms_tree='$x'; dkms_tree=$x`, `dkms_tree="${other}"\r`]) {
    tree.write("etc/dkms/framework.conf", text);
    assert.is((await frameworkOf(tree)).dkmsTree, other, text);
    assert.is(dkms.run(["status"]).stdout, "demo/1.0: added\n", text);
  }
});

read.run();
