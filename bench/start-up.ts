import { readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { agent, type Bench } from "./bench.ts";
import { measure } from "./measure.ts";
import { nodeAlone } from "./node-alone.ts";

const target = 1.3;

/** The least that any use of the program takes, against the least that Node takes. */
export const startUp: Bench = {
  name: "start-up",
  question: "--version and --help, against `node -e 0`",
  run: () => {
    const words = ["--version", "--help"];
    const ours = words.map((word) => ({
      name: `dkms-agent ${word}`,
      command: [process.execPath, agent, word] as const,
    }));
    const [theirs, ...measured] = measure([nodeAlone, ...ours], 21);
    if (!theirs) throw new Error("Three commands give three measurements.");
    return { comparisons: measured.map((one) => ({ ours: one, theirs, target })), notes: [sizes()] };
  },
};

/** Of the files of the program, in thousands of bytes: all of them, and the one that every use reads. */
function sizes(): string {
  const directory = dirname(agent);
  const all = readdirSync(directory).filter((name) => name.endsWith(".cjs"));
  const kilobytes = (names: readonly string[]) =>
    Math.round(names.reduce((sum, name) => sum + statSync(join(directory, name)).size, 0) / 1000);
  return `The program has ${kilobytes(all)} kB in ${all.length} files; ${kilobytes(["cli.cjs"])} kB are always read.`;
}
