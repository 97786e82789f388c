import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { agent, type Bench, type Series } from "./bench.ts";
import { type InstalledRoot, installedRoot } from "./installed-root.ts";
import { type Contestant, type Measurement, measure } from "./measure.ts";

/** Modules and kernels: 1, 10, 100 and 1000 instances. */
const sizes = [
  [1, 1],
  [10, 1],
  [25, 4],
  [125, 8],
] as const;
const commands = ["status", "plan", "apply"] as const;
const rounds = 5;

/** How the cost of looking grows with what there is, and what it takes when nothing is remembered. */
export const growth: Bench = {
  name: "growth",
  question:
    "status, plan and apply with nothing to do, of 1 to 1000 instances; everything read anew, against sha256sum",
  run: (directory) => {
    const roots = sizes.map(([modules, kernels], index) => {
      const place = join(directory, String(index));
      mkdirSync(place);
      return { place, root: installedRoot(place, modules, kernels) };
    });
    const series = commands.map((command) =>
      measureGrowth(
        command,
        roots.map(({ root }) => root),
      ),
    );
    const largest = roots.at(-1);
    if (!largest) throw new Error("There are four sizes.");
    const [ours, theirs] = measure([coldPlan(largest.place, largest.root), sums(largest.place)], rounds);
    if (!ours || !theirs) throw new Error("Two commands give two measurements.");
    return { comparisons: [{ ours, theirs, target: 1.5 }], series, notes: series.map(inWords) };
  },
};

function measureGrowth(command: string, roots: readonly InstalledRoot[]): Series {
  const contestants = roots.map(
    ({ options, instances }): Contestant => ({
      name: `dkms-agent ${command}, ${instances}`,
      command: [process.execPath, agent, command, ...options],
    }),
  );
  const measured: readonly Measurement[] = measure(contestants, rounds);
  return {
    name: command,
    points: measured.map(({ fastestMs }, index) => ({ count: roots[index]?.instances ?? 0, ms: fastestMs })),
  };
}

/** What the program remembers of files it has read is gone before each round. */
function coldPlan(place: string, { options, instances }: InstalledRoot): Contestant {
  return {
    name: `dkms-agent plan, ${instances}, cold`,
    before: () => {
      for (const kept of ["digests.json", "scan.bin"])
        rmSync(join(place, "root/var/lib/dkms/.dkms-agent", kept), { force: true });
    },
    command: [process.execPath, agent, "plan", ...options],
  };
}

/** Of all that a plan has to read: objects, sources, headers. */
function sums(place: string): Contestant {
  const script = 'find "$1" -type f -print0 | xargs -0 sha256sum > /dev/null';
  return { name: "sha256sum of the same files", command: ["sh", "-c", script, "sh", place] };
}

function inWords({ name, points }: Series): string {
  const costs = points.map(({ count, ms }) => `${count}: ${ms.toFixed(0)} ms`).join(", ");
  return `${name}, by instances: ${costs}`;
}
