import type { Measurement } from "./measure.ts";

/** One question about speed, answered by ratios that are measured within one run. */
export interface Bench {
  /** A word to choose it by: `npm run bench -- status`. */
  readonly name: string;
  /** What is compared with what. */
  readonly question: string;
  /** Prepares below an empty directory, and measures. */
  readonly run: (directory: string) => Findings;
}

export interface Findings {
  readonly comparisons: readonly Comparison[];
  /** How a cost grows. */
  readonly series?: readonly Series[];
  /** What else was found, a sentence each. */
  readonly notes?: readonly string[];
}

/** A cost by the number of what it is paid for. */
export interface Series {
  readonly name: string;
  readonly points: readonly { readonly count: number; readonly ms: number }[];
}

export interface Comparison {
  readonly ours: Measurement;
  readonly theirs: Measurement;
  /** The most that our time may be, as a multiple of theirs. */
  readonly target?: number;
  /** What nothing can be faster than, or nothing in Node. */
  readonly least?: Measurement;
}

/** The program under test. */
export const agent = new URL("../dist/cli.cjs", import.meta.url).pathname;
