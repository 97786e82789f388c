import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Controller, collection, controller } from "../rig/ansible.ts";
import { type ProgramResult, runProgram } from "../rig/run-program.ts";
import { testNeeding } from "../rig/test-needing.ts";

const tools = suite<{ ansible: Controller }>("the Ansible collection, by Ansible's own tools");
const modules = ["dkms_info", "dkms_module", "dkms_state"];

tools.before.each((context) => {
  context.ansible = controller();
});
tools.after.each(({ ansible }) => ansible.remove());

function assertDone({ exitCode, stdout, stderr }: ProgramResult): string {
  assert.is(exitCode, 0, stdout + stderr);
  return stdout;
}

testNeeding(tools, ["ansible"], "ansible-doc renders each module, and the role", async (_, { ansible: { env } }) => {
  const names = modules.map((name) => `dkms_agent.dkms.${name}`);
  const docs: Readonly<Record<string, { doc?: object; examples?: string; return?: object }>> = JSON.parse(
    assertDone(await runProgram("ansible-doc", ["--json", ...names], { env })),
  );
  for (const name of names) assert.ok(docs[name]?.doc && docs[name]?.examples && docs[name]?.return, name);
  const text = assertDone(await runProgram("ansible-doc", names, { env }));
  assert.match(text, /> DKMS_AGENT\.DKMS\.DKMS_MODULE(.|\n)*allow_in_use(.|\n)*EXAMPLES:(.|\n)*reboot_required/);
  const role = assertDone(await runProgram("ansible-doc", ["--type", "role", "dkms_agent.dkms.agent"], { env }));
  assert.match(role, "dkms_agent_schedule");
});

testNeeding(tools, ["ansible"], "the role documents each variable that it has a default for", async () => {
  const keysOf = (file: string) =>
    new Set(
      fs
        .readFileSync(path.join(collection, "roles/agent", file), "utf8")
        .match(/^ *dkms_agent_\w+(?=:)/gm)
        ?.map((key) => key.trim()),
    );
  const documented = keysOf("meta/argument_specs.yml");
  assert.equal(
    [...keysOf("defaults/main.yml")].filter((key) => !documented.has(key)),
    [],
  );
});

testNeeding(tools, ["ansible"], "ansible-galaxy builds it, with all that belongs to it", async (_, { ansible }) => {
  const { env, directory } = ansible;
  assertDone(
    await runProgram("ansible-galaxy", ["collection", "build", collection, "--output-path", directory], { env }),
  );
  const [archive = ""] = fs.readdirSync(directory).filter((name) => name.endsWith(".tar.gz"));
  assert.match(archive, /^dkms_agent-dkms-\d+\.\d+\.\d+\.tar\.gz$/);
  const members = assertDone(await runProgram("tar", ["-tzf", path.join(directory, archive)], {})).split("\n");
  for (const file of ["plugins/action/dkms_state.py", "plugins/doc_fragments/common.py", "roles/agent/tasks/main.yml"])
    assert.ok(members.includes(file), file);
  assert.equal(
    members.filter((name) => /pycache|\.pyc$/.test(name)),
    [],
  );
});

/** Those that need nothing from the network. */
const sanity = [
  ...[
    "compile",
    "empty-init",
    "future-import-boilerplate",
    "ignores",
    "line-endings",
    "metaclass-boilerplate",
    "no-assert",
  ],
  ...["no-basestring", "no-dict-iteritems", "no-get-exception", "no-illegal-filenames", "no-main-display"],
  ...[
    "no-smart-quotes",
    "no-unicode-literals",
    "replace-urlopen",
    "shebang",
    "symlinks",
    "use-argspec-type-path",
    "use-compat-six",
  ],
];

testNeeding(
  tools,
  ["ansible", "voluptuous", "yamllint"],
  "ansible-test finds nothing, as far as it needs no network; nor do its checks of modules and of YAML",
  async (_, { ansible: { env, directory } }) => {
    const top = path.join(directory, "sanity");
    const copy = path.join(top, "ansible_collections/dkms_agent/dkms");
    fs.cpSync(collection, copy, { recursive: true, filter: (name) => !name.includes("__pycache__") });
    const quiet = { ...env, HOME: directory, ANSIBLE_COLLECTIONS_PATH: top };
    const here = { cwd: copy, env: { HOME: directory, PATH: "/usr/sbin:/usr/bin:/sbin:/bin" } };
    // Newer versions know fewer of them.
    const listed = assertDone(await runProgram("ansible-test", ["sanity", "--list-tests"], here)).split("\n");
    const known = sanity.filter((name) => listed.includes(name));
    assert.ok(known.length > 5, listed.join());
    const words = ["sanity", "--python", "default", ...known.flatMap((name) => ["--test", name])];
    assertDone(await runProgram("ansible-test", words, here));
    const checks = "/usr/lib/python3/dist-packages/ansible_test/_util/controller/sanity";
    const validate = path.join(checks, "validate-modules");
    const options = ["--format", "plain", "--arg-spec", "--collection", "ansible_collections/dkms_agent/dkms"];
    const files = modules.map((name) => `plugins/modules/${name}.py`);
    const found = await runProgram(
      "/usr/bin/python3",
      [path.join(validate, "validate.py"), ...options, "--collection-version", "0.1.0", ...files],
      { cwd: copy, env: { ...quiet, PYTHONPATH: validate } },
    );
    // The modules have the licence of this project, which is told to ansible-test in tests/sanity.
    const faults = (found.stdout + found.stderr).split("\n").filter((line) => !/missing-gplv3-license|^$/.test(line));
    assert.equal(faults, []);
    const rules = path.join(checks, "yamllint/config/default.yml");
    assertDone(await runProgram("yamllint", ["--strict", "--config-file", rules, copy], { env }));
  },
);

tools.run();
