import path from "node:path";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { modules, releases, smallMachine } from "../rig/interchange.ts";
import type { Machine } from "../rig/machine.ts";
import type { Dkms } from "../rig/parts.ts";
import { testNeeding } from "../rig/test-needing.ts";
import { lineDifferences, settle, written } from "../rig/written.ts";

/** DKMS_AGENT_VERBS=200 makes it the long run of `npm run test:interchange`, from a seed of its own. */
const count = Number(process.env.DKMS_AGENT_VERBS ?? 25);
const isLong = process.env.DKMS_AGENT_VERBS !== undefined;

const cli = path.join(import.meta.dirname, "../../dist/cli.cjs");
const interchange = suite("two commands on one tree");

/** One verb, and who carries it out where both take turns. */
interface Step {
  readonly words: readonly string[];
  readonly byUs: boolean;
}

const module = fc.constantFrom(...modules);
const release = fc.constantFrom(...releases);
const onKernel = (verb: string, ...more: string[]) =>
  fc.tuple(module, release).map(([one, kernel]) => [verb, one, "-k", kernel, ...more]);
const onModule = (verb: string, ...more: string[]) => module.map((one) => [verb, one, ...more]);
const ofKernel = (verb: string) => release.map((kernel) => [verb, "-k", kernel]);

/**
 * All verbs that change a tree but three: match of dell/dkms 3.2.2 looks for the source of every installed module in a
 * directory of a wrong name and fails with 2 (/usr/src/beta/2.0-6.1.0-90-amd64), and the tarballs have their own tests.
 */
const step: fc.Arbitrary<Step> = fc.record({
  words: fc.oneof(
    { arbitrary: onKernel("install"), weight: 8 },
    { arbitrary: onKernel("build"), weight: 4 },
    { arbitrary: onModule("add"), weight: 3 },
    { arbitrary: onKernel("uninstall"), weight: 3 },
    { arbitrary: onKernel("unbuild"), weight: 2 },
    { arbitrary: onKernel("remove"), weight: 2 },
    onKernel("install", "--force"),
    onKernel("build", "--force"),
    onModule("uninstall", "--all"),
    onModule("unbuild", "--all"),
    onModule("remove", "--all"),
    { arbitrary: ofKernel("autoinstall"), weight: 2 },
    ofKernel("kernel_postinst"),
    ofKernel("kernel_prerm"),
    ofKernel("kernel_preinst"),
  ),
  byUs: fc.boolean(),
});

const parts = ["dkms", "kmod", "unshare", "root"] as const;

testNeeding(
  interchange,
  parts,
  "leave after every verb what dell/dkms alone leaves, and so do we alone",
  async (part) => {
    const seed = Number(process.env.DKMS_AGENT_SEED ?? (isLong ? Date.now() % 2 ** 31 : 3));
    if (isLong) process.stdout.write(`seed ${seed}\n`);
    const whole = fc.sample(step, { numRuns: count, seed });
    const property = fc.property(fc.subarray(whole, { minLength: 1 }), (chosen) =>
      compareAndTell(part("dkms"), chosen),
    );
    // Shrinking runs the programs again and again; the shortest sequence that was found by then is told.
    const { failed, counterexample, errorInstance } = fc.check(property, {
      examples: [[whole]],
      numRuns: 1,
      interruptAfterTimeLimit: (isLong ? 60 : 5) * 60_000,
    });
    if (!failed) return;
    const shown = counterexample?.[0]?.map(
      ({ words, byUs }) => `${byUs ? "dkms-agent" : "dell/dkms "} ${words.join(" ")}`,
    );
    throw new Error(
      `seed ${seed}\n${shown?.join("\n")}\n${errorInstance instanceof Error ? errorInstance.message : ""}`,
    );
  },
);

interface World {
  readonly name: string;
  readonly machine: Machine;
  readonly isOurs: (step: Step) => boolean;
}

/** Each failure is told at once, so that a run that is stopped while it shrinks has not been for nothing. */
function compareAndTell(dkms: Dkms, steps: readonly Step[]): void {
  try {
    compare(dkms, steps);
  } catch (error) {
    if (isLong && error instanceof Error) process.stdout.write(`of ${steps.length} verbs: ${error.message}\n`);
    throw error;
  }
}

function compare(dkms: Dkms, steps: readonly Step[]): void {
  const alone: World = { name: "dell/dkms alone", machine: smallMachine(), isOurs: () => false };
  const others: readonly World[] = [
    { name: "both in turns", machine: smallMachine(), isOurs: ({ byUs }) => byUs },
    { name: "dkms-agent alone", machine: smallMachine(), isOurs: () => true },
  ];
  try {
    for (const [at, one] of steps.entries()) {
      const expected = carryOut(dkms, alone, one);
      for (const world of others) {
        const actual = carryOut(dkms, world, one);
        const differences = lineDifferences(expected.lines, actual.lines);
        const where = `${world.name}, verb ${at + 1}: dkms ${one.words.join(" ")}`;
        assert.is(
          differences.join("\n"),
          "",
          `${where}\n${differences.join("\n")}\n${expected.said}\n-- against\n${actual.said}`,
        );
      }
    }
  } finally {
    for (const { machine } of [alone, ...others]) machine.remove();
  }
}

/** Exit code, status and files after a verb, as lines. */
function carryOut(dkms: Dkms, { machine, isOurs }: World, one: Step): { lines: readonly string[]; said: string } {
  const command = isOurs(one) ? [process.execPath, cli, "dkms"] : dkms.command;
  const { exitCode, stdout, stderr } = machine.run([...command, ...one.words]);
  settle(machine, one.words);
  const status = machine.run([...command, "status"]).stdout;
  const lines = [
    `exit code ${exitCode}`,
    ...status
      .trim()
      .split("\n")
      .map((line) => `status: ${line}`),
    ...written(machine),
  ];
  return { lines, said: `${stdout}${stderr}` };
}

interchange.run();
