import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { localFiles } from "../../src/host/local-files.ts";
import { cli } from "../rig/agent.ts";
import { block } from "../rig/blocking.ts";
import { modules, releases, smallMachine } from "../rig/interchange.ts";
import type { Machine } from "../rig/machine.ts";
import { quickMachine, quickModule, wanted } from "../rig/quick-machine.ts";
import { testNeeding } from "../rig/test-needing.ts";
import { filesBelow } from "../rig/tree-listing.ts";

const together = suite("two at once");

testNeeding(
  together,
  ["gcc", "make", "kmod", "flock"],
  "a second agent waits as long as it may, then says who holds the lock",
  async () => {
    const machine = quickMachine();
    try {
      const stop = block(machine.root, "make");
      const source = quickModule(machine, "evdi", { make: "sh made/slow.sh" });
      fs.writeFileSync(path.join(source, "made/slow.sh"), `(${stop.line})\ncp made/$kernelver.ko evdi.ko\n`);
      machine.want(wanted("evdi"));
      const first = spawn(process.execPath, [cli, "apply", "--root", machine.root], { stdio: "ignore" });
      const over = new Promise<number>((resolve) => first.on("exit", (code) => resolve(code ?? -1)));
      await stop.reached();
      const { exitCode, stdout, stderr } = await machine.run("apply", "--lock-timeout", "1s");
      assert.is(exitCode, 75);
      const said = (stdout + stderr).split(`process ${first.pid}`);
      assert.is(said.length, 3, "told before it waits, and after");
      assert.match(stderr, new RegExp(`process ${first.pid}.* since 2.*E_LOCKED`, "s"));
      const refused = `nothing could be done: Another run holds the lock: process ${first.pid} \\(apply\\), since \\S+ \\[E_LOCKED]`;
      const going = new RegExp(`going on during build evdi.*\n.* ${refused}\n\nThe run holds the lock`);
      assert.match((await machine.run("history")).stdout, going);
      const waiting = machine.run("apply", "--lock-timeout", "60s");
      await stop.letGo();
      assert.is(await over, 0);
      assert.is((await waiting).exitCode, 0);
      assert.match(
        (await machine.run("history")).stdout,
        / 4 steps done .*\n.*E_LOCKED]\n.* nothing to do\n\nThe next apply has nothing/,
      );
    } finally {
      machine.remove();
    }
  },
);

/** How often dell/dkms gets between. */
const runs = Number(process.env.DKMS_AGENT_RUNS ?? 3);
const wantedModules = modules.filter((module) => module !== "beta/1.0");
const originals = releases.slice(0, 2);

const verbs = fc.array(
  fc
    .tuple(
      fc.constantFrom("add", "build", "install", "uninstall", "unbuild", "remove", "build --force", "install --force"),
      fc.constantFrom(...modules),
      fc.constantFrom(...releases),
    )
    .map(([verb, module, release]) => `${verb} ${module} -k ${release}`),
  { minLength: 60, maxLength: 60 },
);

testNeeding(
  together,
  ["dkms", "kmod", "unshare", "root"],
  "dell/dkms on the same tree during apply: no crash, no loss, and one more apply converges",
  (part) => {
    fc.assert(
      fc.property(verbs, (lines) => {
        const machine = smallMachine();
        try {
          const dkms = part("dkms").command.join(" ");
          const document = path.join(machine.root, "modules.yaml");
          fs.writeFileSync(document, documentText());
          const apply = `${process.execPath} ${cli} apply -f ${document}`;
          fs.writeFileSync(path.join(machine.root, "verbs"), `${lines.join("\n")}\n`);
          const during = `${apply} > ${machine.root}/said 2>&1 & agent=$!
            while kill -0 $agent 2>/dev/null && read -r words <&3; do ${dkms} $words < /dev/null; done 3< ${machine.root}/verbs
            wait $agent`;
          const { exitCode } = machine.run(["sh", "-c", during]);
          const said = fs.readFileSync(path.join(machine.root, "said"), "utf8");
          assert.ok([0, 1, 3].includes(exitCode), `${exitCode}: ${said}`);
          assert.not.match(said, /This is a bug|E_INTERNAL/);
          nothingIsLost(machine, said);
          const { stdout: history } = machine.run(["sh", "-c", `${process.execPath} ${cli} history`]);
          assert.match(history, /^2\S+ \S+ .*(step|nothing to do|failed at ).*\n\nThe next apply .*\.\n$/);
          const again = machine.run(["sh", "-c", apply]);
          assert.is(again.exitCode, 0, `${said}\n--- again\n${again.stdout}${again.stderr}`);
          nothingIsLost(machine, again.stdout);
          const left = machine.run(["sh", "-c", apply.replace(" apply ", " plan --detailed-exitcode ")]);
          assert.is(left.exitCode, 0, left.stdout);
          assert.is(machine.run(["sh", "-c", `${dkms} status`]).exitCode, 0);
        } finally {
          machine.remove();
        }
      }),
      { numRuns: runs, endOnFailure: true, includeErrorInReport: true },
    );
  },
);

together.run();

function documentText(): string {
  const entries = wantedModules.map((module) => {
    const [name, version] = module.split("/");
    return `  - {name: ${name}, version: "${version}"}\n`;
  });
  return `apiVersion: dkms-agent/v1\nkernels: [${releases.map((one) => `"${one}"`).join(", ")}]\nmodules:\n${entries.join("")}`;
}

/** The kernel's own object is in its place, or kept for it. */
function nothingIsLost({ at }: Machine, said: string): void {
  for (const release of originals) {
    const places = [at("/lib/modules", release), at("/var/lib/dkms")];
    const objects = places.flatMap((top) => filesBelow(top).map((file) => path.join(top, file)));
    const isOriginal = (file: string) =>
      file.includes("beta.ko") && localFiles.readText(file)?.includes("ORIGINAL") && file.includes(release);
    assert.ok(objects.some(isOriginal), `the kernel's own beta is gone for ${release}: ${said}`);
  }
}
