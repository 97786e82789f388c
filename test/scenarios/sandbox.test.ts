import { createHash } from "node:crypto";
import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type AgentRoot, runAgent } from "../rig/agent.ts";
import { quickMachine, quickModule, wanted } from "../rig/quick-machine.ts";
import { sandboxPrefix } from "../rig/sandbox.ts";
import { type ArchivedFile, tarArchive } from "../rig/tar-archive.ts";
import { binariesOnlyFiles, objectFiles, sourceFiles } from "../rig/tarballs.ts";
import { testNeeding } from "../rig/test-needing.ts";

const releases = ["6.1.0-1-amd64", "6.1.0-2-amd64"];
const needs = ["root", "gcc", "make", "kmod", "flock"] as const;

const sandbox = suite<{ machine: AgentRoot }>("the sandbox of the systemd units");

sandbox.before.each((context) => {
  context.machine = quickMachine(releases);
});
sandbox.after.each(({ machine }) => machine.remove());

for (const dropIn of [false, true]) {
  testNeeding(
    sandbox,
    needs,
    `builds are done in it${dropIn ? ", side by side with builds.conf" : ", in turns"}`,
    async (_, { machine }) => {
      // Each build tells where it is, and writes only there.
      const source = quickModule(machine, "evdi", {
        make: "findmnt --noheadings -o TARGET --target . >&2; cp made/$kernelver.ko evdi.ko",
      });
      // Of somebody else, who lets nobody in.
      fs.chmodSync(source, 0o700);
      fs.chownSync(source, 1000, 1000);
      machine.want(wanted("evdi"));
      const result = await runAgent(machine.root, ["apply"], { prefix: sandboxPrefix(machine.root, { dropIn }) });
      assert.is(result.exitCode, 0, result.stdout + result.stderr);
      for (const release of releases) {
        assert.ok(fs.existsSync(machine.at("lib/modules", release, "updates/dkms/evdi.ko")));
        const log = fs.readFileSync(machine.at(`var/lib/dkms/evdi/1.0/${release}/x86_64/log/make.log`), "utf8");
        const privately = log.includes(`${machine.at("var/lib/dkms/evdi/1.0/build")}\n`);
        assert.is(privately, dropIn, log);
      }
      assert.equal(await machine.planned(), []);
    },
  );
}

testNeeding(sandbox, needs, "archives are loaded in it, without builds.conf", async (_, { machine }) => {
  const demo = { releases };
  wantArchive(machine, [...binariesOnlyFiles(demo), ...objectFiles(demo)]);
  const result = await runAgent(machine.root, ["apply"], { prefix: sandboxPrefix(machine.root) });
  assert.is(result.exitCode, 0, result.stdout + result.stderr);
  for (const release of releases)
    assert.ok(fs.existsSync(machine.at("lib/modules", release, "updates/dkms/demo_a.ko")));
});

testNeeding(sandbox, needs, "a dkms.conf that is a script takes builds.conf, which is said", async (_, { machine }) => {
  const demo = { releases, conf: "PACKAGE_NAME=$(echo demo)\n" };
  wantArchive(machine, [...sourceFiles(demo), ...objectFiles(demo)]);
  const applyIn = (dropIn: boolean) =>
    runAgent(machine.root, ["apply"], { prefix: sandboxPrefix(machine.root, { dropIn }) });
  const refused = await applyIn(false);
  assert.is(refused.exitCode, 3);
  assert.match(refused.stderr, "in the systemd units, the drop-in builds.conf allows them");
  const { exitCode, stdout, stderr } = await applyIn(true);
  assert.is(exitCode, 0, stdout + stderr);
});

testNeeding(sandbox, needs, "nothing else is written, and that is said", async (_, { machine }) => {
  quickModule(machine, "evdi", { make: "cp made/$kernelver.ko evdi.ko && echo > /etc/dkms-agent-was-here" });
  machine.want(wanted("evdi"));
  const result = await runAgent(machine.root, ["apply", "--kernel", releases[0] ?? ""], {
    prefix: sandboxPrefix(machine.root),
  });
  assert.is(result.exitCode, 1);
  assert.match(result.stderr, "Read-only file system");
  assert.not(fs.existsSync("/etc/dkms-agent-was-here"));
});

sandbox.run();

function wantArchive(machine: AgentRoot, files: readonly ArchivedFile[]): void {
  const file = machine.at("demo.tar");
  fs.writeFileSync(file, tarArchive(files));
  const sha256 = createHash("sha256").update(fs.readFileSync(file)).digest("hex");
  machine.want(wanted("demo", `build: never, tarballs: [{path: ${file}, sha256: ${sha256}}]`));
}
