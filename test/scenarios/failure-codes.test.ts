import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { FailureCode } from "../../src/dkms/failure.ts";
import { loadTarball } from "../../src/dkms/verbs/load-tarball.ts";
import { createHost } from "../../src/host/create-host.ts";
import { failureText } from "../../src/report/failure-text.ts";
import { plainTerminal } from "../../src/report/terminal.ts";
import { type AgentRoot, cli, runAgent } from "../rig/agent.ts";
import { block } from "../rig/blocking.ts";
import { fakeObject } from "../rig/fake-object.ts";
import { hookedMachine } from "../rig/hooked-machine.ts";
import { type QuickModuleOptions, quickMachine, quickModule, wanted } from "../rig/quick-machine.ts";
import { type ProgramResult, runProgram } from "../rig/run-program.ts";
import { testNeeding } from "../rig/test-needing.ts";

const release = "6.1.0-1-amd64";

/** Lets the real program come to a failure; what it said. */
type Provocation = (machine: AgentRoot) => Promise<ProgramResult>;

/** A module of its own, then `dkms VERB` for the one kernel. */
function verb(line: string, options: QuickModuleOptions = {}): Provocation {
  return (machine) => {
    quickModule(machine, "evdi", options);
    return machine.run(`dkms ${line}`, "-m", "evdi/1.0", "-k", release);
  };
}

/** Brings the module to a level, does something to the machine, then runs the verb. */
function verbAfter(level: string, change: (machine: AgentRoot) => void, line: string): Provocation {
  return async (machine) => {
    const before = await verb(level)(machine);
    assert.is(before.exitCode, 0, before.stderr);
    change(machine);
    return machine.run(`dkms ${line}`, "-m", "evdi/1.0", "-k", release);
  };
}

/** A document that wants the module, then a command. */
function want(
  more = "",
  { command = "apply", ...options }: QuickModuleOptions & { command?: string } = {},
): Provocation {
  return (machine) => {
    quickModule(machine, "evdi", options);
    machine.want(wanted("evdi", more));
    return machine.run(command);
  };
}

function settings({ at }: AgentRoot, text: string): void {
  fs.writeFileSync(at("etc/dkms-agent/config.yaml"), text);
}

/** A program of that name, found first. */
async function withProgram(machine: AgentRoot, name: string, script: string, words: readonly string[]) {
  const directory = machine.at("bin");
  fs.mkdirSync(directory);
  fs.writeFileSync(path.join(directory, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return runAgent(machine.root, words, { env: { PATH: `${directory}:${process.env.PATH}` } });
}

/** Runs something in a directory of a file system of its own. */
async function mounted(directory: string, options: readonly string[], work: () => Promise<ProgramResult>) {
  fs.mkdirSync(directory, { recursive: true });
  execFileSync("mount", [...options, directory]);
  try {
    return await work();
  } finally {
    execFileSync("umount", [directory]);
  }
}

const provocations: Readonly<Record<FailureCode, Provocation>> = {
  E_ALREADY_ADDED: verbAfter("add", () => {}, "add"),
  E_BAD_OBJECT: verb("build", { make: "echo nothing > evdi.ko" }),
  E_BAD_PLAN: (machine) => {
    fs.writeFileSync(machine.at("plan.json"), "{}");
    return machine.run("apply", machine.at("plan.json"));
  },
  E_BROKEN_MODULE: verbAfter("add", ({ at }) => fs.rmSync(at("usr/src/evdi-1.0"), { recursive: true }), "build"),
  E_CANCELLED: async (machine) => {
    const { line, reached } = block(machine.root, "make");
    fs.writeFileSync(machine.at("slow.sh"), `${line}\n`);
    quickModule(machine, "evdi", { make: `sh ${machine.at("slow.sh")}` });
    machine.want(wanted("evdi"));
    const child = spawn(process.execPath, [cli, "apply", "--root", machine.root], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        stdout += text;
      });
    }
    await reached();
    child.kill("SIGTERM");
    const exitCode = await new Promise<number>((resolve) => child.on("close", (code) => resolve(code ?? -1)));
    return { exitCode, stdout, stderr: "" };
  },
  E_CONF_INVALID: verb("add", { conf: "PACKAGE_NAME=" }),
  E_CONF_MISSING: async (machine) => {
    fs.mkdirSync(machine.at("usr/src/evdi-1.0"));
    return machine.run("dkms add", "-m", "evdi/1.0");
  },
  E_DEPENDENCY: want("", { conf: 'BUILD_DEPENDS="nothing"', command: "plan" }),
  E_DEPMOD: (machine) => {
    quickModule(machine, "evdi");
    machine.want(wanted("evdi"));
    return withProgram(machine, "depmod", "exit 1", ["apply"]);
  },
  // Before a step of apply comes to it, the plan says so of the document; the archive has to change in between.
  E_DIGEST: async (machine) => {
    await pack(machine);
    const request = { file: archive(machine), sha256: "0".repeat(64) };
    const loaded = await loadTarball(createHost({ root: machine.root }), request);
    const stderr = loaded.ok ? "" : failureText(loaded.error, plainTerminal);
    return { exitCode: loaded.ok ? 0 : 1, stdout: "", stderr };
  },
  E_DKMS: (machine) => {
    quickModule(machine, "evdi");
    machine.want(wanted("evdi"));
    return withProgram(machine, "dkms", "exit 1", ["apply", "--engine", "dkms"]);
  },
  E_EXCLUDED: verb("build", { conf: "BUILD_EXCLUSIVE_KERNEL=^5" }),
  E_FAILED_BEFORE: async (machine) => {
    await want("", { make: "false" })(machine);
    return machine.run("plan");
  },
  E_INITRAMFS: async () => {
    const hooked = hookedMachine();
    try {
      quickModule(hooked, "evdi");
      hooked.want(wanted("evdi", "initramfs: true"));
      fs.writeFileSync(hooked.at("boot", `initrd.img-${hooked.release}`), "");
      hooked.program("update-initramfs", "exit 1");
      return hooked.run("dkms-agent", "apply");
    } finally {
      hooked.remove();
    }
  },
  E_INSECURE_FILE: async (machine) => {
    await pack(machine);
    fs.chmodSync(archive(machine), 0o666);
    return machine.run("dkms ldtarball", archive(machine));
  },
  E_INTERNAL: async (machine) => {
    quickModule(machine, "evdi");
    machine.want(wanted("evdi"));
    const bug = machine.at("bug.cjs");
    fs.writeFileSync(bug, 'require("node:fs").symlinkSync = () => { throw new TypeError("oops"); };\n');
    return runAgent(machine.root, ["apply"], { env: { NODE_OPTIONS: `--require=${bug}` } });
  },
  E_IO: (machine) => {
    quickModule(machine, "evdi");
    fs.symlinkSync("dkms", machine.at("var/lib/dkms"));
    return machine.run("dkms add", "-m", "evdi/1.0");
  },
  E_KILLED: verb("build", { make: "kill -KILL 0" }),
  E_LOCKED: async (machine) => {
    await want()(machine);
    const holder = spawn("flock", [machine.at("var/lib/dkms/.dkms-agent/lock"), "sh", "-c", "echo held; cat"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    await new Promise((resolve) => holder.stdout.once("data", resolve));
    const result = await machine.run("apply", "--lock-timeout", "0");
    holder.stdin.end();
    return result;
  },
  E_MAKE: verb("build", { make: "false" }),
  E_NEWER_INSTALLED: (machine) => {
    const file = machine.at("lib/modules", release, "kernel/drivers/evdi.ko");
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, fakeObject({ name: "evdi", release, version: "9" }));
    return verb("install")(machine);
  },
  E_NO_ARCHIVE: ({ run }) => run("dkms ldtarball", "/nowhere.dkms.tar.gz"),
  E_NO_BINARY: want("build: never", { command: "plan" }),
  E_NO_HEADERS: (machine) => {
    fs.rmSync(machine.at("lib/modules", release, "build"), { recursive: true });
    return want(`kernels: [${release}]`, { command: "plan" })(machine);
  },
  E_NO_KERNEL: want('kernels: ["9.9.9"]', { command: "plan" }),
  E_NO_MEMORY: verb("build", { make: "ulimit -v 40000; gcc -S -x c -o /dev/null /dev/null" }),
  E_NO_OBJECT: verb("build", { make: "true" }),
  E_NO_SOURCE: async (machine) => {
    machine.want(wanted("evdi"));
    return machine.run("plan");
  },
  E_NO_SPACE: async (machine) => {
    await want("state: built")(machine);
    machine.want(wanted("evdi"));
    const directory = machine.at("lib/modules", release, "updates");
    return mounted(directory, ["-t", "tmpfs", "-o", "size=4k,nr_inodes=2", "tmpfs"], () => machine.run("apply"));
  },
  E_NO_TOOL: (machine) => {
    quickModule(machine, "evdi");
    machine.want(wanted("evdi"));
    const hide = 'mount --bind /dev/null "$(readlink -f "$(command -v make)")" && exec "$@"';
    return runAgent(machine.root, ["plan"], { prefix: ["unshare", "--mount", "sh", "-c", hide, "sh"] });
  },
  E_NOT_BUILT: verbAfter("add", () => {}, "mktarball"),
  E_NOT_IN_TREE: ({ run }) => run("dkms uninstall", "-m", "evdi/1.0", "-k", release),
  E_OUTSIDE_TREE: async (machine) => {
    const directory = quickModule(machine, "evdi", { conf: "PRE_BUILD=evil.sh" });
    fs.symlinkSync("/bin/true", path.join(directory, "evil.sh"));
    return machine.run("dkms build", "-m", "evdi/1.0", "-k", release);
  },
  E_PATCH: verb("build", { conf: "PATCH[0]=missing.patch" }),
  E_PERMISSION: async (machine) => {
    quickModule(machine, "evdi");
    machine.want(wanted("evdi"));
    fs.chmodSync(machine.root, 0o755);
    const prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    return runAgent(machine.root, ["apply"], { prefix });
  },
  E_PRECONDITION: (machine) => {
    const other = machine.at("var/lib/dkms/evdi/1.0", release, "x86_64/module");
    return want("", { make: `mkdir -p ${other} && cp made/$kernelver.ko evdi.ko` })(machine);
  },
  E_READ_ONLY: async (machine) => {
    quickModule(machine, "evdi");
    machine.want(wanted("evdi"));
    return mounted(machine.at("var/lib/dkms"), ["-t", "tmpfs", "-o", "ro", "tmpfs"], () => machine.run("apply"));
  },
  E_SCRIPT: async (machine) => {
    const directory = quickModule(machine, "evdi", { conf: "PRE_BUILD=fail.sh" });
    fs.writeFileSync(path.join(directory, "fail.sh"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    return machine.run("dkms build", "-m", "evdi/1.0", "-k", release);
  },
  E_SIGNING: (machine) => {
    settings(machine, "signing: required\nsign_file: /nowhere/sign-file\n");
    return want()(machine);
  },
  E_STALE_PLAN: async (machine) => {
    quickModule(machine, "evdi");
    machine.want(wanted("evdi"));
    await machine.run("plan", "--out", machine.at("plan.json"));
    fs.appendFileSync(machine.at("usr/src/evdi-1.0/dkms.conf"), "# changed\n");
    return machine.run("apply", machine.at("plan.json"));
  },
  E_TARBALL: async (machine) => {
    fs.writeFileSync(machine.at("evdi.dkms.tar.gz"), "no archive at all");
    return machine.run("dkms ldtarball", machine.at("evdi.dkms.tar.gz"));
  },
  E_TARBALL_LIMIT: async (machine) => {
    await pack(machine);
    settings(machine, "tarball_entries: 1\n");
    return runProgram(process.execPath, [cli, "dkms", "ldtarball", archive(machine), "--root", machine.root]);
  },
  E_TIMEOUT: want("timeout: 1s", { make: "sleep 100" }),
  E_USAGE: ({ run }) => run("plan", "--jobs"),
  E_WRONG_KERNEL: verb("install", { madeFor: "5.10.0" }),
};

function archive({ at }: AgentRoot): string {
  return at("evdi.dkms.tar.gz");
}

/** Makes an archive of the module with one build. */
async function pack(machine: AgentRoot): Promise<void> {
  await verb("build")(machine);
  const { exitCode, stderr } = await verb(`mktarball --archive ${archive(machine)}`)(machine);
  assert.is(exitCode, 0, stderr);
}

const table = suite<{ machine: AgentRoot }>("every failure code of the README");
table.before.each((context) => {
  context.machine = quickMachine([release]);
});
table.after.each(({ machine }) => machine.remove());

for (const [code, provoke] of Object.entries(provocations)) {
  testNeeding(table, ["root", "gcc", "make", "kmod", "flock", "unshare"], code, async (_, { machine }) => {
    const { exitCode, stdout, stderr } = await provoke(machine);
    const said = stdout + stderr;
    assert.ok(said.includes(`[${code}]`), `exit code ${exitCode}:\n${said}`);
    assert.not.match(said, /^\s+at .*:\d+:\d+/m, "no stack trace");
    if (code !== "E_EXCLUDED" && !/\bblocked\b/.test(stdout)) assert.is.not(exitCode, 0);
  });
}
table.run();
