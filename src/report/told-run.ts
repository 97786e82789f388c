import type { Counts, JournalRun, JournalStep, RunEnding } from "../apply/journal-run.ts";

/** One run and what became of it. */
export interface ToldRun {
  readonly run: JournalRun;
  readonly ending: RunEnding;
  /** The steps of it whose failure comes back as long as nothing changes, so that the next run waits with them. */
  readonly waiting: readonly JournalStep[];
  /** The steps of it that a stop has ended before their time. */
  readonly stopped: readonly JournalStep[];
}

/** `2026-11-22 16:04:24Z`: UTC, as the journal has it. */
export function timeText(iso: string): string {
  return iso.replace("T", " ").replace(/\.\d+Z$/, "Z");
}

/** `build demo/1.0@6.1/x86_64` */
export function stepName(step: JournalStep | undefined): string {
  return step ? step.id.replace(":", " ") : "";
}

/** What was asked for, and for what: `apply --kernel 6.1`. */
export function commandText({ command = "apply", scope }: JournalRun): string {
  const modules = scope.modules.map((name) => ` --module ${name}`).join("");
  return `${command}${modules}${scope.kernel === undefined ? "" : ` --kernel ${scope.kernel}`}`;
}

/** Whether a run was about everything that the documents have. */
export function isWhole({ scope, planId }: JournalRun): boolean {
  return scope.modules.length === 0 && scope.kernel === undefined && planId === undefined;
}

/** How much of a plan is left to do, by its summary. */
export function remaining(counts: Counts | undefined): { readonly changes: number; readonly blocked: number } {
  if (!counts) return { changes: 0, blocked: 0 };
  const { blocked = 0, ...others } = counts;
  const changes = ["install", "rebuild", "build", "uninstall", "remove", "other"].map((name) => others[name] ?? 0);
  return { changes: changes.reduce((sum, one) => sum + one, 0), blocked };
}
