import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { DiagnosticCode } from "../../src/desired-state/diagnostic.ts";
import { type AgentRoot, runAgent } from "../rig/agent.ts";
import { quickMachine, quickModule, wanted } from "../rig/quick-machine.ts";
import type { ProgramResult } from "../rig/run-program.ts";

const release = "6.1.0-1-amd64";

/** Lets the real program find the problem; what it printed. */
type Provocation = (machine: AgentRoot) => Promise<ProgramResult>;

/** A document, word for word, that is validated. */
function document(text: string | Buffer): Provocation {
  return ({ at, run }) => {
    fs.writeFileSync(at("document.yaml"), text);
    return run("validate", "-f", at("document.yaml"));
  };
}

/** Modules in a document of which nothing else is wrong. */
function modules(lines: string, command = "validate", head = ""): Provocation {
  return ({ want, run }) => {
    want(lines, head);
    return run(command);
  };
}

const head = "apiVersion: dkms-agent/v1\n";

/** Or the scenario that does it, where it takes more than a document. */
const provocations: Readonly<Record<DiagnosticCode, Provocation | `${string}.test.ts`>> = {
  E_ALIAS: document(`${head}modules: [${Array.from({ length: 9 }, () => "*a").join(", ")}]\nkernels: &a [running]\n`),
  E_BAD_VALUE: modules(wanted("evdi", "state: here")),
  E_CONFLICT: modules(`${wanted("evdi")}\n  - {name: evdi, version: "2.0"}`, "plan"),
  E_DUPLICATE_KEY: document(`${head}${head}modules: []\n`),
  E_DUPLICATE_MODULE: modules(`${wanted("evdi")}\n${wanted("evdi")}`),
  E_EMPTY: document(""),
  E_IN_USE: "protections.test.ts",
  E_INSECURE_FILE: ({ at, run, want }) => {
    want("");
    fs.chmodSync(at("etc/dkms-agent/desired-state/modules.yaml"), 0o666);
    return run("validate");
  },
  E_MISSING_KEY: modules("  - {name: evdi}"),
  E_MORE_PROBLEMS: modules(Array.from({ length: 150 }, () => "  - {}").join("\n")),
  E_NOT_UTF8: document(Buffer.from([0x61, 0xff, 0x0a])),
  E_PROTECTED: "protections.test.ts",
  E_RUNNING_ELSEWHERE: modules(wanted("evdi", "kernels: [running]"), "plan"),
  E_STALE_PLAN: "saved-plans.test.ts",
  E_TOO_DEEP: document(`${head}modules: ${"[".repeat(1000)}${"]".repeat(1000)}\n`),
  E_TOO_LARGE: document(`${head}modules: []\n#${"x".repeat(2 << 20)}\n`),
  E_UNKNOWN_KEY: modules(wanted("evdi", "verison: 1")),
  E_UNREADABLE: ({ at, run }) => run("validate", "-f", at("nowhere.yaml")),
  E_UNSUPPORTED: document(`${head}modules: !!set {}\n`),
  E_WRONG_TYPE: document(`${head}modules: text\n`),
  E_YAML_SYNTAX: document(`${head}modules: [\n`),
  W_BAD_NAME: modules('  - {name: "a#b", version: "1.0"}'),
  W_IGNORED_FILE: ({ at, run, want }) => {
    want("");
    fs.writeFileSync(at("etc/dkms-agent/desired-state/more.yml"), head);
    return run("validate");
  },
  W_INITRAMFS: "initramfs.test.ts",
  W_MORE_PROBLEMS: modules(
    Array.from({ length: 150 }, (_, n) => wanted(`m${n}`, "state: added, timeout: 5m")).join("\n"),
  ),
  W_NO_EFFECT: modules(wanted("evdi", "state: added, timeout: 5m")),
  W_NO_KERNEL_MATCHES: modules(wanted("evdi", 'kernels: [{match: "6.6.*"}]')),
  W_NOT_IN_PLAN: "saved-plans.test.ts",
  W_NOT_KEPT: "faults.test.ts",
  W_NOT_NEWEST: (machine) => {
    quickModule(machine, "evdi", { version: "2.0" });
    return modules(wanted("evdi"))(machine);
  },
  W_NOT_PRUNED: async (machine) => {
    quickModule(machine, "evdi");
    machine.want(wanted("evdi", "state: added"));
    await machine.apply();
    fs.symlinkSync("loop", machine.at("var/lib/dkms/loop"));
    return modules("", "plan", "unlisted: prune\n")(machine);
  },
  W_UNREADABLE: async (machine) => {
    quickModule(machine, "evdi");
    machine.want(wanted("evdi"));
    await machine.apply();
    const directory = machine.at("var/lib/dkms/evdi");
    fs.chmodSync(machine.root, 0o755);
    fs.chmodSync(directory, 0o700);
    return runAgent(machine.root, ["plan"], {
      prefix: ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
    });
  },
  W_YAML: document(`%YAML 3.0\n---\n${head}modules: []\n`),
};

const table = suite<{ machine: AgentRoot }>("every code of a document of the README");
table.before.each((context) => {
  context.machine = quickMachine([release]);
});
table.after.each(({ machine }) => machine.remove());

for (const [code, provoke] of Object.entries(provocations)) {
  table(code, async ({ machine }) => {
    if (typeof provoke === "string") {
      assert.match(fs.readFileSync(path.join(import.meta.dirname, provoke), "utf8"), code);
      return;
    }
    const { exitCode, stdout, stderr } = await provoke(machine);
    const said = stdout + stderr;
    assert.ok(said.includes(`[${code}]`), `exit code ${exitCode}:\n${said}`);
    assert.is(exitCode, code.startsWith("E_") ? 65 : 0, said);
  });
}
table.run();
