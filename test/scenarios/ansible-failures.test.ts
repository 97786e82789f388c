import fs from "node:fs";
import * as assert from "uvu/assert";
import type { AgentRoot } from "../rig/agent.ts";
import { desiredState, type MachineMaker, moduleTask, stateTask, type Task, writeDocument } from "../rig/ansible.ts";
import { ansibleSuite } from "../rig/ansible-suite.ts";
import { quickModule, wanted } from "../rig/quick-machine.ts";
import { differences, snapshot } from "../rig/snapshot.ts";

const failures = ansibleSuite("the Ansible collection, where something is wrong");

failures.test(
  "what cannot be done fails with its reason and its remedy, and leaves the documents as they were",
  async ({ ansible, machine }) => {
    const cases = troubles(machine);
    const book = ansible.book(
      cases.map(({ task }) => ({ ...task, keywords: { ...task.keywords, ignore_errors: true } })),
    );
    const roots = cases.filter(({ untouched = true }) => untouched).map(({ task }) => String(task.args.root));
    const before = roots.map((root) => snapshot(root));
    const { tasks, stdout } = await ansible.play(book);
    const after = roots.map((root) => snapshot(root));
    assert.is(tasks.length, cases.length, stdout);
    for (const [at, { task, message }] of cases.entries()) {
      const { status, result } = tasks[at] ?? { status: "none", result: {} };
      assert.is(status, "failed", `${task.name}: ${JSON.stringify(result)}`);
      assert.match(result.msg ?? "", message, `${task.name}: ${result.msg}`);
      assert.not.match(JSON.stringify(result), "Traceback", task.name);
    }
    assert.equal(
      before.flatMap((look, at) => differences(look, after[at] ?? new Map())),
      [],
    );
    const failed = tasks.find(({ task }) => task === "does not compile")?.result;
    assert.is(failed?.changed, true, "its document is there, and the next run tries again");
    assert.equal(
      failed?.failures?.map(({ code, log }) => [code, log?.tail.includes("error: no such thing")]),
      [["E_MAKE", true]],
    );
  },
);

interface Trouble {
  readonly task: Task;
  readonly message: RegExp | string;
  /** Default: true. */
  readonly untouched?: boolean;
}

/** Each on a machine of its own, that is at peace otherwise. */
function troubles(machine: MachineMaker): readonly Trouble[] {
  const compile = machine();
  quickModule(compile, "evdi", { make: "echo error: no such thing; false" });
  const blocked = machine("evdi");
  const elsewhere = machine("evdi");
  writeDocument(elsewhere, "other.yaml", wanted("evdi"));
  const broken = machine("evdi");
  fs.writeFileSync(broken.at(desiredState, "other.yaml"), "modules: [\n");
  const strange = machine("evdi");
  writeDocument(strange, "evdi.yaml", wanted("evdi"));
  const place = machine("evdi");
  fs.mkdirSync(place.at(desiredState, "evdi.yaml"));
  const plain = machine("evdi");
  const at = (name: string, host: AgentRoot, args: Task["args"] = {}) => ({ ...moduleTask(host, "evdi", args), name });
  const state = (name: string, args: Task["args"]) => ({ ...stateTask(plain, "new", args), name });
  return [
    {
      task: at("does not compile", compile),
      message: /make ended with exit code 1 (.|\n)*The end of .*make\.log:(.|\n)*\nerror: no such thing\n/,
      untouched: false,
    },
    { task: at("no such kernel", blocked, { kernels: ["9.9.9"] }), message: "is blocked: ", untouched: false },
    {
      task: at("listed elsewhere", elsewhere),
      message: /evdi\.yaml:\d.*listed already|other\.yaml:\d.*listed already/,
    },
    { task: at("broken elsewhere", broken), message: /other\.yaml:2:1: .*\[E_YAML_SYNTAX\]/ },
    { task: at("somebody's document", strange), message: "was not written by dkms_module" },
    { task: at("a directory in the place", place), message: "evdi.yaml is no file" },
    {
      task: at("a name that leads away", plain, { name: "../evdi" }),
      message: "No document can be called '../evdi.yaml'",
    },
    {
      task: at("a name with a blank", plain, { name: "ev di" }),
      message: /ev di\.yaml:4:11: The module name "ev di" .*\[E_BAD_VALUE\]/,
    },
    {
      task: at("a version that is a number", plain, { version: 1.5 }),
      message: "version: YAML has read it as the number 1.5",
    },
    {
      task: at("no version", plain, { version: null }),
      message: /"version" .*\[E_MISSING_KEY\]/,
    },
    { task: at("an unknown key", plain, { options: { verson: "1" } }), message: /verson.*\[E_UNKNOWN_KEY\]/ },
    { task: at("a mode for everybody", plain, { mode: "0666" }), message: "mode: with 0666, somebody else than root" },
    {
      task: at("no Node.js", plain, { executable: withoutNode(plain) }),
      message: /cannot be started: .*no-such-node.*must be on the PATH/,
    },
    {
      task: at("no program", plain, { executable: "/nowhere/dkms-agent" }),
      message: "There is no program /nowhere/dkms-agent",
    },
    { task: state("no YAML", { content: "a: [" }), message: /new\.yaml:1:\d.*\[E_YAML_SYNTAX\]/ },
    { task: state("no file on the controller", { src: "nowhere.yaml" }), message: "nowhere.yaml" },
    { task: state("two at once", { src: "x", content: "y" }), message: "mutually exclusive" },
    {
      task: state("nothing", {}),
      message: "state is present but any of the following are missing: content, src, modules",
    },
  ];
}

/** A program whose interpreter is not there. */
function withoutNode({ at }: AgentRoot): string {
  const program = at("dkms-agent");
  fs.writeFileSync(program, "#!/usr/bin/env no-such-node\n", { mode: 0o755 });
  return program;
}

failures.run();
