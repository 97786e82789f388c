import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { splitSignature } from "../../src/dkms/module-signature.ts";
import { type AgentRoot, agentRoot, runAgent } from "../rig/agent.ts";
import { fakeObject } from "../rig/fake-object.ts";
import type { HeadersOfKernel } from "../rig/kernels-with-headers.ts";
import type { Parts } from "../rig/parts.ts";
import { quickMachine, quickModule, wanted } from "../rig/quick-machine.ts";
import { makePair } from "../rig/signing-world.ts";
import { snapshot } from "../rig/snapshot.ts";
import { testNeeding } from "../rig/test-needing.ts";

interface Verified {
  readonly exitCode: number;
  /** `reason` of each problem of each instance. */
  readonly reasons: readonly string[];
  readonly ready: boolean;
}

async function verify(machine: AgentRoot, ...options: readonly string[]): Promise<Verified> {
  const { exitCode, stdout, stderr } = await machine.run("verify", "--json", ...options);
  const { ready, instances } = JSON.parse(stdout || stderr);
  const problems = instances.flatMap((one: { problems: readonly { reason: string }[] }) => one.problems);
  return { exitCode, ready, reasons: problems.map(({ reason }: { reason: string }) => reason) };
}

const ready = { exitCode: 0, ready: true, reasons: [] };
const notReady = (...reasons: readonly string[]) => ({ exitCode: 1, ready: false, reasons });

const real = suite("verify on the tree of a real kernel");

/** v4l2loopback, signed, with what it depends on of the kernel's own modules. */
async function signedMachine(kernel: HeadersOfKernel, image: Parts["linux-image"], source: string): Promise<AgentRoot> {
  const machine = agentRoot([kernel]);
  for (const object of ["kernel/drivers/media/v4l2-core", "kernel/drivers/media/mc"])
    fs.cpSync(path.join(image.modules, object), machine.at("lib/modules", kernel.release, object), { recursive: true });
  fs.cpSync(source, machine.at("usr/src", path.basename(source)), { recursive: true });
  makePair(machine.at("keys"));
  makePair(machine.at("keys"), "b");
  fs.writeFileSync(machine.at("etc/dkms-agent/config.yaml"), settings("a"));
  const [name, version] = path.basename(source).split(/-(?=\d)/);
  machine.want(`  - {name: ${name}, version: "${version}"}`, "kernels: [newest]\n");
  await machine.apply();
  return machine;
}

function settings(key: string): string {
  return `signing: required\nsigning_key: /keys/${key}.key\ncertificate: /keys/${key}.der\n`;
}

testNeeding(
  real,
  ["linux-image", "headers", "module-sources", "gcc", "make", "kmod", "openssl"],
  "finds each thing that would keep the module from being loaded, and says which",
  async (part) => {
    const image = part("linux-image");
    const kernel = part("headers").kernels.find(({ release }) => release === image.release);
    const source = part("module-sources").modules.find(({ name }) => name === "v4l2loopback");
    assert.ok(kernel && source);
    const machine = await signedMachine(kernel, image, source.directory);
    const directory = machine.at("lib/modules", kernel.release);
    const installed = path.join(directory, "updates/dkms/v4l2loopback.ko");
    const tree = `var/lib/dkms/v4l2loopback/${source.version}/${kernel.release}/x86_64/module/v4l2loopback.ko`;
    const built = machine.at(tree);
    const [list, index] = ["modules.dep", "modules.dep.bin"].map((name) => path.join(directory, name));
    const videodev = path.join(directory, "kernel/drivers/media/v4l2-core/videodev.ko");
    assert.ok(list && index);
    try {
      const before = snapshot(machine.root);
      assert.equal(await verify(machine), ready);
      assert.equal(snapshot(machine.root), before, "it writes nothing");

      const signed = fs.readFileSync(installed);
      const both = (content: Uint8Array) => {
        for (const file of [installed, built]) fs.writeFileSync(file, content);
      };
      const unsigned = splitSignature(signed)?.content ?? signed;
      const flipped = Buffer.from(signed);
      flipped[flipped.indexOf("v4l2loopback")] = "V".charCodeAt(0);
      const settingsFile = machine.at("etc/dkms-agent/config.yaml");
      const damages: readonly (readonly [what: string, damage: () => void, ...reasons: readonly string[]])[] = [
        ["the object is gone", () => fs.rmSync(installed), "installed-missing"],
        ["one byte of it differs", () => fs.writeFileSync(installed, flipped), "installed-differs", "bad-signature"],
        ["its signature is of other content", () => both(flipped), "bad-signature"],
        ["its signature is gone", () => both(unsigned), "unsigned"],
        [
          "another key has signed it",
          () => fs.writeFileSync(settingsFile, settings("b")),
          "signer-changed",
          "wrong-signer",
        ],
        [
          "it is made for another kernel",
          () => both(fakeObject({ name: "v4l2loopback", release: "6.1.0-1" })),
          "wrong-vermagic",
          "unsigned",
        ],
        [
          "depmod does not know it",
          () => fs.writeFileSync(list, withoutLine(list, "v4l2loopback")),
          "not-in-modules-dep",
        ],
        ["modprobe's index does not know it", () => fs.writeFileSync(index, ""), "not-in-modules-dep"],
        ["depmod has never been there", () => fs.rmSync(list), "no-modules-dep"],
        ["what it depends on is gone", () => fs.rmSync(videodev), "missing-dependency"],
        [
          "depmod knew nothing of what it depends on",
          () => fs.writeFileSync(list, withoutNeeds(list)),
          "missing-dependency",
        ],
      ];
      const files = [installed, built, list, index, videodev, settingsFile];
      const sound = files.map((file) => [file, fs.readFileSync(file)] as const);
      for (const [what, damage, ...reasons] of damages) {
        damage();
        assert.equal(await verify(machine), notReady(...reasons), what);
        for (const [file, content] of sound) fs.writeFileSync(file, content);
      }
      assert.equal(await verify(machine), ready);

      execFileSync("cp", ["-a", directory, machine.at("lib/modules/6.99.0-1-amd64")]);
      assert.equal(await verify(machine, "--kernel", kernel.release), ready, "newest is another one now");
      assert.equal((await verify(machine)).exitCode, 1);
    } finally {
      machine.remove();
    }
  },
);
real.run();

function withoutLine(file: string, word: string): string {
  return fs
    .readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => !line.includes(word))
    .join("\n");
}

function withoutNeeds(file: string): string {
  return fs.readFileSync(file, "utf8").replace(/(v4l2loopback\.ko:).*/, "$1");
}

const quick = suite<{ host: AgentRoot }>("verify");
quick.before.each((context) => {
  context.host = quickMachine(["6.1.0-1-amd64", "6.1.0-2-amd64"]);
});
quick.after.each(({ host }) => host.remove());

quick("is about the newest kernel, as if it were running, unless another one is named", async ({ host }) => {
  quickModule(host, "good");
  host.want(wanted("good"), "kernels: [newest]\n");
  await host.apply();
  assert.equal(await verify(host), ready);
  assert.equal(await verify(host, "--kernel", "6.1.0-1-amd64"), ready, "nothing is wanted for it");
  host.want(wanted("good"), 'kernels: [{match: "*-1-*"}]\n');
  assert.equal(await verify(host, "--kernel", "6.1.0-1-amd64"), notReady("not-built"));
  const { stdout, exitCode } = await host.run("verify");
  assert.is(stdout, "6.1.0-2-amd64 (newest) is ready: nothing is wanted for it.\n");
  assert.is(exitCode, 0);
});

quick("one line for each instance, with --quiet only what is not ready", async ({ host }) => {
  quickModule(host, "good");
  quickModule(host, "bad", { make: "false" });
  quickModule(host, "other", { conf: "BUILD_EXCLUSIVE_ARCH=sparc" });
  host.want(["good", "bad", "other"].map((name) => wanted(name)).join("\n"), "kernels: [newest]\n");
  await host.apply(1, "--quiet");
  const { exitCode, stdout, stderr } = await host.run("verify");
  assert.is(exitCode, 1, stderr);
  const [first = "", second = "", , third = "", , verdict] = stdout.split("\n");
  assert.match(first, /^ {2}\+ good\/1\.0@6\.1\.0-2-amd64\/x86_64 +ready$/);
  assert.match(second, /^ {2}! bad\/1\.0@\S+ +not ready +it failed before from the same source.* \[failed-before\]$/);
  assert.match(third, /^ {2}· other\/1\.0@\S+ +not applicable {2}/);
  assert.is(verdict, "6.1.0-2-amd64 (newest) is not ready: 1 of 2 wanted instances is not in order.");
  const quiet = await host.run("verify", "--quiet");
  assert.is(quiet.stdout.split("\n").filter((line) => line.includes("@")).length, 1);
  assert.match(quiet.stdout, /^ {2}! bad\/1\.0@/);
  const good = await host.run("verify", "--quiet", "--module", "good");
  assert.equal([good.exitCode, good.stdout, good.stderr], [0, "", ""]);
});

quick("a kernel that is not installed, no kernel at all, no documents, broken ones", async ({ host }) => {
  quickModule(host, "good");
  host.want(wanted("good"), "kernels: [newest]\n");
  const told = async (...options: readonly string[]) => {
    const { exitCode, stdout, stderr } = await host.run("verify", ...options);
    return [exitCode, (stdout || stderr).trim().split("\n").at(-1)];
  };
  const gone = host.at("lib/modules/7.0");
  assert.equal(await told("--kernel", "7.0"), [1, `Kernel 7.0 is not installed: ${gone} has no modules of a kernel.`]);
  fs.mkdirSync(path.join(gone, "build/include"), { recursive: true });
  assert.equal(await told("--kernel", "7.0"), [1, `Kernel 7.0 is not installed: ${gone} has no modules of a kernel.`]);
  assert.equal((await told())[0], 1, "headers alone make no newest kernel");
  assert.match((await told())[1] as string, "6.1.0-2-amd64 (newest) is not ready");
  assert.is((await told("--kernel", "running"))[0], 64);
  assert.is((await told("--module", "goood"))[0], 64);
  fs.rmSync(host.at("lib/modules"), { recursive: true });
  assert.equal(await told(), [1, "No kernel is installed: the install tree has none with modules."]);
  host.want("  - {name: good}");
  assert.is((await told())[0], 65);
  const documents = host.at("etc/dkms-agent/desired-state");
  fs.rmSync(documents, { recursive: true });
  assert.equal(await told(), [0, "There are no documents: nothing is wanted."]);
  assert.is((await runAgent(host.root, ["verify", "--json", "-f", documents])).exitCode, 65);
});

quick("an object that modules.dep lacks is mended by apply with one depmod", async ({ host }) => {
  quickModule(host, "good");
  host.want(wanted("good"), "kernels: [newest]\n");
  await host.apply();
  const list = host.at("lib/modules/6.1.0-2-amd64/modules.dep");
  fs.writeFileSync(list, "");
  assert.equal(await verify(host), notReady("not-in-modules-dep"));
  assert.match(
    (await host.run("plan")).stdout,
    /> 6\.1\.0-2-amd64\/x86_64 {2}depmod {2}modules\.dep does not name updates\/dkms\/good\.ko, which is installed \(drift\)\n/,
  );
  await host.apply();
  assert.match(fs.readFileSync(list, "utf8"), "updates/dkms/good.ko:");
  assert.equal(await verify(host), ready);
  assert.equal(await host.planned(), []);
});

quick("a kernel to which depmod is owed is not ready, until apply has run it", async ({ host }) => {
  quickModule(host, "good");
  host.want(wanted("good"), "kernels: [newest]\n");
  await host.apply();
  const owed = host.at("var/lib/dkms/.dkms-agent/depmod-owed/6.1.0-2-amd64");
  fs.mkdirSync(owed, { recursive: true });
  fs.writeFileSync(path.join(owed, "x86_64"), "");
  const { exitCode, stdout } = await host.run("verify", "--quiet");
  assert.is(exitCode, 1);
  assert.match(stdout, /^ {2}! 6\.1\.0-2-amd64\/x86_64 {2}not ready {2}.*depmod.* \[[a-z-]+\]\n$/);
  const document = JSON.parse((await host.run("verify", "--json")).stdout);
  assert.equal([document.ready, document.not_ready_count, document.problems.length], [false, 0, 1]);
  assert.match(document.message, /^6\.1\.0-2-amd64 \(newest\) is not ready: .*depmod.*\.$/);
  await host.apply();
  assert.equal(await verify(host), ready);
});

quick("what is wanted as built need not be in modules.dep", async ({ host }) => {
  quickModule(host, "good");
  host.want(wanted("good", "state: built"), "kernels: [newest]\n");
  assert.equal(await verify(host), notReady("not-built"));
  await host.apply();
  assert.equal(await verify(host), ready);
});
quick.run();
