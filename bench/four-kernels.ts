import { rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type AgentRoot, agentRoot } from "../test/rig/agent.ts";
import { agent, type Bench } from "./bench.ts";
import { type Contestant, measure } from "./measure.ts";
import { need } from "./need.ts";

/** Our own example: it builds for every kernel. */
const [name, version] = ["dkms-agent-hello", "1.0.0"];
const source = join(import.meta.dirname, "../examples/modules/hello");

/** One module for all kernels that have headers, up to four: their builds share a public path, and run side by side. */
export const fourKernels: Bench = {
  name: "four-kernels",
  question: "one module built and installed for four kernels at once, against one kernel after another",
  run: (directory) => {
    const kernels = need("headers").kernels.slice(-4);
    if (kernels.length < 2) throw new Error("This bench needs the headers of two kernels or more.");
    const machine = agentRoot(kernels, directory);
    machine.want(`  - {name: ${name}, version: ${version}, source: ${source}}`);
    const releases = kernels.map(({ release }) => release);
    const [together, apart] = measure([atOnce(machine), oneByOne(machine, releases)], 3);
    if (!together || !apart) throw new Error("Two commands give two measurements.");
    return {
      comparisons: [{ ours: together, theirs: apart }],
      notes: [`${kernels.length} kernels (${releases.join(", ")}), ${availableParallelism()} processors.`],
    };
  },
};

function atOnce(machine: AgentRoot): Contestant {
  return {
    name: "apply, all kernels at once",
    before: () => forget(machine),
    command: [process.execPath, agent, "apply", "--root", machine.root],
  };
}

function oneByOne(machine: AgentRoot, releases: readonly string[]): Contestant {
  const script = 'for release; do "$NODE" "$AGENT" apply --root "$ROOT" --kernel "$release" || exit; done';
  const environment = [`NODE=${process.execPath}`, `AGENT=${agent}`, `ROOT=${machine.root}`];
  return {
    name: "apply, one kernel after another",
    before: () => forget(machine),
    command: ["env", ...environment, "sh", "-c", script, "sh", ...releases],
  };
}

/** As if nothing had ever been built there; the signing key stays. */
function forget({ at }: AgentRoot): void {
  for (const place of [name, ".dkms-agent"]) rmSync(at("var/lib/dkms", place), { recursive: true, force: true });
  const kernels = need("headers").kernels;
  for (const { release } of kernels) rmSync(at("lib/modules", release, "updates"), { recursive: true, force: true });
}
