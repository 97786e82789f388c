import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { type AgentRoot, cli } from "./agent.ts";
import { quickMachine, quickModule } from "./quick-machine.ts";
import { type ProgramOptions, type ProgramResult, runProgram } from "./run-program.ts";

/** What became of one task, as the module returned it. */
export interface TaskResult {
  readonly task: string;
  readonly host: string;
  readonly status: "ok" | "skipped" | "failed" | "unreachable";
  readonly result: TaskFields;
}

/** Fields that tests look at; each module has some of them. */
export interface TaskFields {
  readonly changed?: boolean;
  readonly msg?: string;
  readonly diff?: unknown;
  readonly changes?: readonly { readonly address: string; readonly before: string; readonly after: string }[];
  readonly blocked?: readonly { readonly address: string; readonly reason: string; readonly remedy: string }[];
  readonly failures?: readonly {
    readonly address: string;
    readonly code: string;
    readonly remedy: string | null;
    readonly log: { readonly path: string; readonly tail: readonly string[] } | null;
  }[];
  readonly warnings?: readonly string[];
  readonly diagnostics?: readonly { readonly code: string; readonly file: string | null }[];
  readonly [name: string]: unknown;
}

export interface PlayedBook extends ProgramResult {
  readonly tasks: readonly TaskResult[];
}

/** A task: a module of the collection by its short name, or any other by its full one, with its arguments and keywords. */
export interface Task {
  readonly name: string;
  readonly module: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly keywords?: Readonly<Record<string, unknown>>;
}

export interface Controller {
  readonly directory: string;
  /** The environment of Ansible's programs, in which the collection is installed. */
  readonly env: Readonly<Record<string, string>>;
  /** Writes a playbook of one play on this host. Returns its file. */
  readonly book: (tasks: readonly Task[]) => string;
  /** Writes a playbook of one play on this host, of roles. Returns its file. */
  readonly bookOf: (roles: readonly object[]) => string;
  /** Runs a playbook, with further words of the command line. */
  readonly play: (file: string, words?: readonly string[], options?: ProgramOptions) => Promise<PlayedBook>;
  /** A host below a directory of its own. Removed with the controller. */
  readonly machine: MachineMaker;
  readonly remove: () => void;
}

/** Makes a machine with one kernel, and modules that build in no time. */
export type MachineMaker = (...modules: readonly string[]) => AgentRoot;

/** A controller of its own whose only host is itself: Ansible as Debian has it, and the collection of this project. */
export function controller(): Controller {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "dkms-agent-ansible-"));
  const at = (name: string) => path.join(directory, name);
  fs.mkdirSync(at("collections/ansible_collections/dkms_agent"), { recursive: true });
  fs.symlinkSync(collection, at("collections/ansible_collections/dkms_agent/dkms"));
  fs.writeFileSync(at("hosts"), "localhost ansible_connection=local ansible_python_interpreter=/usr/bin/python3\n");
  fs.writeFileSync(at("ansible.cfg"), "");
  fs.mkdirSync(at("bin"));
  fs.mkdirSync(at("remote-tmp"), { mode: 0o700 });
  fs.writeFileSync(at("bin/dkms-agent"), `#!/bin/sh\nexec ${process.execPath} ${cli} "$@"\n`, { mode: 0o755 });
  const env = {
    ANSIBLE_CALLBACKS_ENABLED: "tell_results",
    ANSIBLE_CALLBACK_PLUGINS: path.join(import.meta.dirname, "ansible"),
    ANSIBLE_COLLECTIONS_PATH: at("collections"),
    ANSIBLE_CONFIG: at("ansible.cfg"),
    ANSIBLE_HOME: at("home"),
    ANSIBLE_INVENTORY: at("hosts"),
    ANSIBLE_LOCAL_TEMP: at("local-tmp"),
    ANSIBLE_NOCOLOR: "1",
    ANSIBLE_PIPELINING: "1",
    ANSIBLE_REMOTE_TEMP: at("remote-tmp"),
    PATH: `${at("bin")}:${process.env.PATH}`,
    PYTHONDONTWRITEBYTECODE: "1",
    TELL_RESULTS: at("results"),
  };
  const machines: AgentRoot[] = [];
  let books = 0;
  const write = (part: object) => {
    books++;
    const file = at(`book-${books}.yaml`);
    // JSON is YAML.
    fs.writeFileSync(file, JSON.stringify([{ hosts: "all", gather_facts: false, ...part }], null, 1));
    return file;
  };
  return {
    directory,
    env,
    book: (tasks) => write({ tasks: tasks.map(taskOf) }),
    bookOf: (roles) => write({ roles }),
    play: async (file, words = [], options = {}) => {
      fs.rmSync(at("results"), { force: true });
      const played = await runProgram("ansible-playbook", [file, ...words], {
        ...options,
        env: { ...env, ...options.env },
      });
      return { ...played, tasks: readResults(at("results")) };
    },
    machine: (...modules) => {
      const machine = quickMachine();
      machines.push(machine);
      for (const name of modules) quickModule(machine, name);
      return machine;
    },
    remove: () => {
      for (const machine of machines) machine.remove();
      fs.rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Where the collection lies in the project. */
export const collection = path.join(import.meta.dirname, "../../integrations/ansible");

/** Where the documents of a machine are. */
export const desiredState = "etc/dkms-agent/desired-state";

/** Writes a document by hand: what stands below `modules:`, and above it. */
export function writeDocument(
  { at }: AgentRoot,
  name: string,
  modules: string,
  head = "kernels: [with-headers]\n",
): void {
  const text = `apiVersion: dkms-agent/v1\n${head}modules:${modules === "" ? " []" : `\n${modules}`}\n`;
  fs.writeFileSync(at(desiredState, name), text);
}

/** Writes the document of one module as dkms_module does. */
export function writeOwn({ at }: AgentRoot, name: string): void {
  const remark = "# Written by the Ansible module dkms_agent.dkms.dkms_module, which overwrites what is changed here.";
  const entry = `  - name: ${name}\n    version: "1.0"\n    state: installed\n    kernels: [with-headers]\n`;
  fs.writeFileSync(at(desiredState, `${name}.yaml`), `${remark}\napiVersion: dkms-agent/v1\nmodules:\n${entry}`);
}

/** A task that wants one module for every kernel with headers. */
export function moduleTask({ root }: AgentRoot, name: string, args: Task["args"] = {}): Task {
  return { name, module: "dkms_module", args: { root, name, version: "1.0", kernels: ["with-headers"], ...args } };
}

/** A task that wants a document. */
export function stateTask({ root }: AgentRoot, name: string, args: Task["args"]): Task {
  return { name, module: "dkms_state", args: { root, name, ...args } };
}

function taskOf({ name, module, args, keywords }: Task) {
  const full = module.includes(".") ? module : `dkms_agent.dkms.${module}`;
  return { name, [full]: args, ...keywords };
}

function readResults(file: string): readonly TaskResult[] {
  if (!fs.existsSync(file)) return [];
  const lines = fs.readFileSync(file, "utf8").trimEnd().split("\n");
  return lines.map((line): TaskResult => JSON.parse(line));
}
