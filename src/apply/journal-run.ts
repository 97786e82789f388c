import type { Caller } from "../host/caller.ts";

/** One run as the journal tells it; or, of several that did nothing and say the same, the last one (see fold-runs.ts). */
export interface JournalRun {
  readonly id: string;
  /** False for a command that knows no documents and no plan: a verb of the dkms command, for example. */
  readonly isApply: boolean;
  /** ISO 8601, UTC; for a run that did nothing, when it ended. */
  readonly startedAt: string;
  /** `undefined`: the run goes on, or was cut off. */
  readonly end: RunEnd | undefined;
  /** `undefined`: it could begin. */
  readonly refused: RunRefusal | undefined;
  /** `undefined` in what earlier versions wrote. */
  readonly caller: Caller | undefined;
  readonly command: string | undefined;
  readonly engine: string | undefined;
  readonly toolVersion: string | undefined;
  /** The plan_id of a saved plan that it applied. */
  readonly planId: string | undefined;
  readonly scope: RunScope;
  /** SHA-256 of the documents; `undefined` for a run with nothing to do. */
  readonly desired: string | undefined;
  readonly planned: Counts | undefined;
  /** In the order in which they began. */
  readonly steps: readonly JournalStep[];
  /** How many runs this one stands for, itself included. */
  readonly count: number;
  /** When the first of them ran. */
  readonly since: string;
}

/** What a run was narrowed to. */
export interface RunScope {
  /** `name` or `name/version`; empty: all. */
  readonly modules: readonly string[];
  /** A release; `undefined`: all. */
  readonly kernel: string | undefined;
}

/** Why a run could not do anything. */
export interface RunRefusal {
  readonly code: string;
  readonly message: string;
  /**
   * What the command ended with, `--detailed-exitcode` and lenient hooks aside; `undefined` in what earlier versions
   * wrote.
   */
  readonly exitCode: number | undefined;
}

export interface RunEnd {
  readonly at: string;
  readonly interrupted: boolean;
  /** What has asked it to stop: `SIGTERM`. */
  readonly signal: string | undefined;
  /** Of a new plan after it all. */
  readonly remaining: Counts | undefined;
  /** `undefined` of what there is none of, and in what earlier versions wrote. */
  readonly left: {
    /** The first of the changes that are left to make. */
    readonly change: LeftPlace | undefined;
    /** The first of what is blocked. */
    readonly blocked: LeftPlace | undefined;
    /** When the first of what failed before is tried again; ISO 8601, UTC. */
    readonly nextTry: string | undefined;
  };
  readonly durationMs: number;
}

/** Where something is left to do, and why. */
export interface LeftPlace {
  readonly address: string;
  /** A reason code of the plan. */
  readonly reason: string;
}

/** A plan's summary: how many instances, by what happens to them. */
export type Counts = Readonly<Record<string, number>>;

export interface JournalStep {
  readonly id: string;
  /** A reason code of the plan. */
  readonly reason: string | undefined;
  readonly startedAt: string;
  /** `undefined`: it was begun, and nobody wrote what became of it. */
  readonly result: StepEnd | undefined;
}

export interface StepEnd {
  readonly result: string;
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly durationMs: number;
}

/**
 * What became of a run. `refused`: it could not do anything. `cut-off`: nobody wrote how it ended, since it was killed
 * or the machine went down.
 */
export type RunEnding = "nothing" | "done" | "failed" | "interrupted" | "refused" | "cut-off" | "running";

/** How a run ended, if `isRunning` tells that it is not going on still. */
export function endingOf(run: JournalRun, isRunning: boolean): RunEnding {
  if (run.refused) return "refused";
  if (!run.end) return isRunning ? "running" : "cut-off";
  const failed = run.steps.filter(({ result }) => result?.result === "failed").length;
  if (failed > stoppedSteps(run).length) return "failed";
  if (run.end.interrupted) return "interrupted";
  return isQuiet(run) ? "nothing" : "done";
}

/** The steps that a stop has ended before their time; it is no fault of theirs. */
export function stoppedSteps({ steps, end }: JournalRun): readonly JournalStep[] {
  return end?.interrupted ? steps.filter(({ result }) => result?.code === "E_CANCELLED") : [];
}

/** Whether a run had nothing to do and ended well. */
export function isQuiet({ steps, end, planned }: JournalRun): boolean {
  return steps.length === 0 && end !== undefined && planned === undefined;
}

/** Whether a run did nothing; the journal has one line of it then. */
export function isIdle(run: JournalRun): boolean {
  return run.refused !== undefined || isQuiet(run);
}
