import type { JournalRun } from "../apply/journal-run.ts";
import { isDue } from "./next-try.ts";
import { commandText, isWhole, remaining, stepName, type ToldRun, timeText } from "./told-run.ts";
import { count } from "./words.ts";

/**
 * What the next run will do after all of these, in a sentence or two; `undefined` if there are none. Pure.
 *
 * @param now what failed before is tried again when its time has come
 * @param holder who holds the lock, if somebody does
 */
export function nextText(told: readonly ToldRun[], now: Date, holder?: string): string | undefined {
  if (told.some(({ ending }) => ending === "running"))
    return "The run holds the lock: the next apply waits for its end.";
  if (holder !== undefined) return `The lock is held by ${holder}: the next apply waits for its end.`;
  if (told.length === 0) return undefined;
  const at = told.findLastIndex(({ run, ending }) => run.isApply && ending !== "refused");
  const later = told.slice(at + 1);
  const owed = afterCommand(
    owedBy(told.slice(0, at + 1), now),
    later.filter(({ run }) => !run.isApply),
  );
  // What was refused before a run that was not is mended.
  const refused = later.findLast(({ run }) => run.isApply);
  return refused ? afterRefusal(refused.run, owed) : `The next apply ${owed.does}.`;
}

/** What an apply will do, as the rest of a sentence about it. */
interface Owed {
  readonly does: string;
  /** Whether something was left to do, as far as anybody knows. */
  readonly isLeft: boolean;
}

function nothing(does: string): Owed {
  return { does, isLeft: false };
}

const anew = "compares everything with the documents anew";

/** By runs that could do something, of which the last one is an apply. One that was narrowed says nothing of the rest. */
function owedBy(told: readonly ToldRun[], now: Date): Owed {
  const last = told.at(-1);
  if (!last) return nothing(`${anew}: none has come to that yet`);
  const left = leftBy(last, now);
  if (left !== undefined) return { does: left, isLeft: true };
  const whole = told.findLastIndex(({ run, ending }) => run.isApply && ending !== "refused" && isWhole(run));
  const isKnown = whole >= 0 && told.slice(whole).every((one) => changesNothing(one, now));
  if (isKnown) return nothing("has nothing to do, unless documents, kernels, sources or what is installed change");
  const about = last.run.planId === undefined ? commandText(last.run) : "a saved plan";
  return nothing(`${anew}: ${about} came last, which was not about everything`);
}

/** Whether it leaves nothing to do, of what it was about and of the rest. */
function changesNothing(one: ToldRun, now: Date): boolean {
  const { run, ending } = one;
  return ending === "refused" || (run.isApply ? leftBy(one, now) === undefined : ending === "nothing");
}

/** `undefined`: nothing. */
function leftBy(one: ToldRun, now: Date): string | undefined {
  const { run, ending } = one;
  const { changes, blocked } = remaining(run.end?.remaining);
  const isDone = run.end?.remaining !== undefined && changes === 0 && blocked === 0;
  if (ending === "cut-off") return `${clears("the run that was cut off")}, and goes on from what is there`;
  if (isDone) return undefined;
  const isBlockedNow = changes === 0 && blocked > 0 && one.waiting.length === 0;
  if (ending === "interrupted" && !isBlockedNow) return "goes on where the run that was stopped left off";
  if (ending === "failed" && !isBlockedNow) return afterFailure(one, now);
  if (changes > 0) return takesUp(changes);
  return blocked > 0 ? afterBlock(blocked, run.end?.left.nextTry, now) : undefined;
}

function takesUp(changes: number): string {
  return `takes up ${count(changes, "change")} that ${changes === 1 ? "is" : "are"} left`;
}

function clears(whose: string): string {
  return `ends what ${whose} left running, clears what it left lying`;
}

function afterFailure({ run: { steps, end }, waiting }: ToldRun, now: Date): string {
  const nextTry = end?.left.nextTry;
  if (waiting.length === 0 || isDue(nextTry, now)) return "tries again what failed";
  const failed = steps.filter(({ result }) => result?.result === "failed");
  const until = `until its next try is due${atTime(nextTry)}, unless its source, headers or toolchain change, or with --retry`;
  const { changes } = remaining(end?.remaining);
  // What could not be remembered counts as a change that is left.
  const others = nextTry === undefined || changes === 0 ? "" : `${takesUp(changes)}, and `;
  if (failed.every((step) => waiting.includes(step))) return `${others}leaves what failed alone ${until}`;
  return `tries again what failed; it leaves ${waiting.map(stepName).join(" and ")} alone ${until}`;
}

function afterBlock(blocked: number, nextTry: string | undefined, now: Date): string {
  const looks = `looks again whether what is blocked (${blocked}) can be done`;
  if (nextTry === undefined) return looks;
  if (isDue(nextTry, now)) return `${looks}, and tries again what failed before`;
  return `${looks}; what failed before waits until its next try is due${atTime(nextTry)}, or for --retry`;
}

function atTime(nextTry: string | undefined): string {
  return nextTry === undefined ? "" : ` (${timeText(nextTry)})`;
}

/** Verbs of the dkms command may have done what was left, or undone what was done. */
function afterCommand(owed: Owed, commands: readonly ToldRun[]): Owed {
  const last = commands.findLast(({ ending }) => ending !== "nothing" && ending !== "refused");
  if (!last) return owed;
  const name = last.run.command ?? "a command";
  if (last.ending === "cut-off") return { does: `${clears(`${name}, which was cut off,`)}, and ${anew}`, isLeft: true };
  if (!owed.isLeft) return nothing(`${anew}: ${name} came last`);
  return { does: `${anew}: an apply has left something to do, and ${name} came after it`, isLeft: true };
}

function afterRefusal({ refused, command }: JournalRun, owed: Owed): string {
  const { code, exitCode } = refused ?? {};
  const does = owed.isLeft ? owed.does : anew;
  const asWell = (until: string) => `The next apply is refused as well, until ${until}; then it ${does}.`;
  if (code === "E_LOCKED") return `The next apply ${does}, as soon as it gets the lock.`;
  if (code === "E_CANCELLED") return `The next apply ${does}.`;
  if (command?.endsWith("PLANFILE") && exitCode !== 80 && exitCode !== 78)
    return `A saved plan that was refused stays so: make a new one. An apply without one ${does}.`;
  switch (exitCode) {
    case 65:
      return asWell("the documents are mended");
    case 78:
      return asWell("the host can run it");
    case 80:
      return asWell("the documents ask for something else, or what forbids it is lifted");
    default:
      return `The next apply tries again: it ${does}.`;
  }
}
