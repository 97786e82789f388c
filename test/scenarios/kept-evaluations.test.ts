import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type AgentRoot, runAgent } from "../rig/agent.ts";
import { quickMachine, quickModule, wanted } from "../rig/quick-machine.ts";

const releases = ["6.1.0-1-amd64", "6.1.0-2-amd64"];

/** As in real packages: v4l2loopback, ddcci, openafs, and drivers of Realtek's. */
const confs = [
  'if [ -f $kernel_source_dir/.config ]; then\n  . $kernel_source_dir/.config\n  [ "${CONFIG_A:-n}" = n ] && AUTOINSTALL=no\nfi\nB=1',
  'if ! grep -q "^CONFIG_A=[ym]$" "$kernel_source_dir/.config" 2>/dev/null ; then\n  BUILD_EXCLUSIVE_ARCH="^none$"\nfi',
  'WORD=`echo "$kernelver" | cut -d- -f 3`\ncase "$WORD" in amd64) A=1 ;; *) A=2 ;; esac',
  "PROCS_NUM=`nproc`\n[ $PROCS_NUM -gt 16 ] && PROCS_NUM=16\nA=1",
];

const known = suite<{ machine: AgentRoot }>("what bash says of dkms.conf files");
known.before.each((context) => {
  const machine = quickMachine(releases);
  for (const release of releases) fs.writeFileSync(machine.at("lib/modules", release, "build/.config"), "CONFIG_A=y\n");
  for (const [at, conf] of confs.entries()) quickModule(machine, `m${at}`, { conf });
  machine.want(confs.map((_, at) => wanted(`m${at}`)).join("\n"));
  fs.mkdirSync(machine.at("bin"));
  const wrapper = `#!/bin/sh\necho bash >>${machine.at("asked")}\nexec /bin/bash "$@"\n`;
  fs.writeFileSync(machine.at("bin/bash"), wrapper, { mode: 0o755 });
  context.machine = machine;
});
known.after.each(({ machine }) => machine.remove());

/** Runs a command, and counts how often bash was started. */
async function count({ root, at }: AgentRoot, ...words: readonly string[]): Promise<number> {
  fs.rmSync(at("asked"), { force: true });
  const env = { ...process.env, PATH: `${at("bin")}:${process.env.PATH}` };
  const { exitCode, stdout, stderr } = await runAgent(root, words, { env });
  assert.is(exitCode, 0, stdout + stderr);
  return fs.existsSync(at("asked")) ? fs.readFileSync(at("asked"), "utf8").split("\n").length - 1 : 0;
}

known("with nothing to do, no bash is started, and all of the scan is kept", async ({ machine }) => {
  await count(machine, "apply");
  await count(machine, "apply");
  assert.ok(fs.existsSync(machine.at("var/lib/dkms/.dkms-agent/scan.bin")));
  assert.equal(
    [await count(machine, "apply"), await count(machine, "plan"), await count(machine, "status")],
    [0, 0, 0],
  );
});

known(
  "after a change elsewhere none is started either, after one of a configuration those of its kernel",
  async ({ machine }) => {
    await count(machine, "apply");
    await count(machine, "apply");
    fs.writeFileSync(machine.at("usr/src/m0-1.0/more"), "");
    assert.is(await count(machine, "plan"), 0);
    fs.writeFileSync(path.join(machine.at("lib/modules"), releases[0] ?? "", "build/.config"), "CONFIG_A=m\n");
    assert.is(await count(machine, "plan"), 2);
  },
);

known("verbs of the dkms command know it too, and keep it", async ({ machine }) => {
  for (const [at] of confs.entries()) await count(machine, "dkms", "install", `m${at}/1.0`, "-k", releases[0] ?? "");
  const status = [
    await count(machine, "dkms", "status"),
    await count(machine, "dkms", "autoinstall", "-k", releases[0] ?? ""),
  ];
  assert.equal(status, [0, 0]);
});

known.run();
