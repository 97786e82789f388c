import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { runAgent } from "../rig/agent.ts";
import { type Pty, startPty } from "../rig/pty.ts";
import { testNeeding } from "../rig/test-needing.ts";
import { dkmsTree } from "../rig/tree-builder.ts";

const completion = suite("completion, typed into the real shell");

const prompt = "READY";

/** How to start each shell with nothing of this machine's settings, and what to type first; the script is DIR/_dkms-agent. */
const shells = {
  bash: {
    needs: [],
    command: ["bash", "--norc", "--noprofile", "-i"],
    load: `PS1='${prompt} '; source DIR/_dkms-agent`,
  },
  zsh: {
    needs: ["zsh"],
    command: ["zsh", "-f", "-i"],
    load: `PS1='${prompt} '; autoload -U compinit; compinit -D -u; source DIR/_dkms-agent`,
  },
  "zsh, by fpath": {
    needs: ["zsh"],
    command: ["zsh", "-f", "-i"],
    load: `PS1='${prompt} '; fpath=(DIR $fpath); autoload -U compinit; compinit -D -u`,
  },
  fish: {
    needs: ["fish"],
    command: ["fish", "--no-config", "-i"],
    load: `function fish_prompt; echo -n '${prompt} '; end; source DIR/_dkms-agent`,
  },
} as const;

/** What is typed before the Tab key, and what stands there after it; `#` is typed next. ROOT is the root of the tree. */
type Lines = readonly (readonly [string, string])[];

const lines: Lines = [
  ["pl", "plan #"],
  ["plan --det", "plan --detailed-exitcode #"],
  ["--json sta", "--json status #"],
  ["apply --engine b", "apply --engine builtin #"],
  ["schema settin", "schema settings #"],
  ["completion fi", "completion fish #"],
  ["plan --root ROOT --kernel 6.12", "plan --root ROOT --kernel 6.12.0-1-amd64 #"],
  ["plan --root ROOT --kernel=6.12", "plan --root ROOT --kernel=6.12.0-1-amd64 #"],
  ["verify --root ROOT --kernel ne", "verify --root ROOT --kernel newest #"],
  ["verify --root ROOT --kernel 6.12", "verify --root ROOT --kernel 6.12.0-1-amd64 #"],
  ["--root=ROOT status --module demo/", "--root=ROOT status --module demo/1.10 #"],
  ["status --dkms-tree ROOT/var/lib/dkms --module demo/", "status --dkms-tree ROOT/var/lib/dkms --module demo/1.10 #"],
  ["unprotect --root ROOT demo/", "unprotect --root ROOT demo/1.10 #"],
  ["dkms unins", "dkms uninstall #"],
  ["dkms --root ROOT build de", "dkms --root ROOT build demo/1.10 #"],
  ["dkms build --root ROOT -k 6.12", "dkms build --root ROOT -k 6.12.0-1-amd64 #"],
  ["dkms status --install", "dkms status --installtree #"],
  ["validate -f ROOT/desired-st", "validate -f ROOT/desired-state.yaml #"],
  ["plan --root ROOT/us", "plan --root ROOT/usr/#"],
];

/** The same for the program under its other name. */
const linesOfDkms: Lines = [
  ["unins", "uninstall #"],
  ["build --root ROOT de", "build --root ROOT demo/1.10 #"],
  ["--root ROOT install demo/1.10 -k 6.12", "--root ROOT install demo/1.10 -k 6.12.0-1-amd64 #"],
  ["status --dkmstree ROOT/var/lib/dkms -m demo/", "status --dkmstree ROOT/var/lib/dkms -m demo/1.10 #"],
  ["remove --al", "remove --all #"],
  ["ldtarball ROOT/desired-st", "ldtarball ROOT/desired-state.yaml #"],
];

for (const [shell, { needs, command, load }] of Object.entries(shells)) {
  testNeeding(completion, needs, `${shell} completes commands, options and values`, async () => {
    const tree = dkmsTree();
    tree.kernel("6.1.0-1-amd64").kernel("6.12.0-1-amd64").module("demo/1.10");
    tree.write("desired-state.yaml", "");
    const { stdout } = await runAgent(tree.root, ["completion", shell.replace(/,.*/, "")]);
    const directory = path.dirname(tree.write("completions/_dkms-agent", stdout));
    const pty = startPty(command, { columns: 200, rows: 50, env: { HOME: tree.root, ZDOTDIR: tree.root } });
    try {
      pty.type(`${load.replace("DIR", directory)}\r`);
      await pty.shows(new RegExp(`^${prompt}$`, "m"));
      for (const [program, of] of [["dkms-agent", lines] as const, ["dkms", linesOfDkms] as const])
        for (const line of of) {
          const [typed = "", completed = ""] = line.map((text) => `${program} ${text.replace("ROOT", tree.root)}`);
          await completes(pty, typed, completed);
        }
    } finally {
      pty.type("\u0015exit\r");
      await pty.ended;
      tree.remove();
    }
  });
}

completion("a shell that nobody knows is a typing error", async () => {
  const unknown = await runAgent("/", ["completion", "bahs"]);
  assert.is(unknown.exitCode, 64);
  assert.match(unknown.stderr, "There are: bash, zsh, fish.");
});

completion.run();

async function completes(pty: Pty, typed: string, completed: string): Promise<void> {
  pty.type(`${typed}\t#`);
  const shown = await pty.shows(`${prompt} ${completed}`);
  assert.match(shown, completed);
  pty.type("\u0015");
  await pty.shows(new RegExp(`^${prompt}$`, "m"));
}
