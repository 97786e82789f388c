import type { Measurement } from "./measure.ts";

/** One question about speed, answered by a ratio that is measured within one run. */
export interface Bench {
  /** A word to choose it by: `npm run bench -- status`. */
  readonly name: string;
  /** What is compared with what. */
  readonly question: string;
  /** Prepares below an empty directory, measures, and answers with our side first and the other's second. */
  readonly run: (directory: string) => readonly [ours: Measurement, theirs: Measurement];
}

/** The program under test. */
export const agent = new URL("../dist/cli.js", import.meta.url).pathname;
