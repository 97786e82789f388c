import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { bareApply } from "./bare-apply.ts";
import { agent, type Bench } from "./bench.ts";
import { type InstalledRoot, installedRoot } from "./installed-root.ts";
import { type Contestant, type Measurement, measure } from "./measure.ts";
import { nodeAlone } from "./node-alone.ts";
import { peakMegabytes } from "./peak-memory.ts";

const moduleCount = 30;
const kernelCount = 7;
const ratioTarget = 2;
const growthTargetMs = 0.2;
const peakTargetMb = 120;

/** `plan` and `apply` where everything is there already, against the least that a Node program takes. */
export const noOp: Bench = {
  name: "no-op",
  question: `plan and apply with nothing to do, ${moduleCount} modules for ${kernelCount} kernels, against \`node -e 0\``,
  run: (directory) => {
    for (const name of ["few", "many"]) mkdirSync(join(directory, name));
    const few = installedRoot(join(directory, "few"), moduleCount, 1);
    const many = installedRoot(join(directory, "many"), moduleCount, kernelCount);
    const commands = [use("plan", many), use("apply", many), use("plan", few), bareApply(many)];
    const [theirs, plan, apply, fewer, least] = measure([nodeAlone, ...commands], 15);
    if (!theirs || !plan || !apply || !fewer || !least) throw new Error("Five commands give five measurements.");
    const comparisons = [
      { ours: plan, theirs, target: ratioTarget },
      { ours: apply, theirs, target: ratioTarget, least },
    ];
    return { comparisons, notes: [growth({ plan, fewer }, many.instances - few.instances), peak(many), lock] };
  },
};

const lock =
  "Beyond a plan, apply starts flock, for Node has no other way to a lock, and forces its line of the journal and its " +
  "report to the disk.";

function use(command: string, { options, instances }: InstalledRoot): Contestant {
  return { name: `dkms-agent ${command}, ${instances}`, command: [process.execPath, agent, command, ...options] };
}

/** By the fastest rounds, since a difference of two times is small beside what else the machine does. */
function growth({ plan, fewer }: Readonly<Record<"plan" | "fewer", Measurement>>, further: number): string {
  const ms = (plan.fastestMs - fewer.fastestMs) / further;
  const missed = ms < growthTargetMs ? "" : " (MISSED)";
  return `Each further instance takes plan ${ms.toFixed(2)} ms; target: below ${growthTargetMs} ms${missed}`;
}

function peak(many: InstalledRoot): string {
  const megabytes = peakMegabytes([agent, "plan", ...many.options]);
  const missed = megabytes < peakTargetMb ? "" : " (MISSED)";
  return `plan takes ${megabytes.toFixed(0)} MB of memory at its peak; target: below ${peakTargetMb} MB${missed}`;
}
