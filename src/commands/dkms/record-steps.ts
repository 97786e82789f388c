import type { DoneStep } from "../../apply/journal.ts";
import type { Failure } from "../../dkms/failure.ts";
import type { CourseEvent } from "../../dkms/verbs/course.ts";
import type { Host } from "../../host/host.ts";
import { type Stopwatch, startStopwatch } from "../../host/stopwatch.ts";

export interface StepRecord {
  readonly tell: (event: CourseEvent) => void;
  /** What was changed or failed so far, in that order; what was as it should be already is left out. */
  readonly steps: () => readonly DoneStep[];
}

/**
 * Listens to what a verb tells, for the journal. A failure outside of all that was begun is one of the verb itself, of which
 * the first counts: what comes after it sums it up.
 *
 * @param whole names the verb and what it is about, as a step is named
 */
export function recordSteps(host: Pick<Host, "clock">, whole: string): StepRecord {
  const steps: DoneStep[] = [];
  const all = startStopwatch(host);
  let begun: Begun | undefined;
  const end = (result: DoneStep["result"], failure?: Failure) => {
    const { ids, watch, source } = begun ?? { ids: [whole], watch: all };
    const isSummary = begun === undefined && steps.some((one) => one.result === "failed");
    begun = undefined;
    if (isSummary || failure?.code === "E_EXCLUDED") return;
    const more = { ...(source !== undefined && { source }), ...(failure && { failure }) };
    const times = { startedAt: watch.startedAt, durationMs: watch.elapsedMs() };
    for (const id of ids) steps.push({ id, result, ...more, ...times });
  };
  const tell = (event: CourseEvent) => {
    if (event.type === "start") begun = { ids: [`${event.action}:${event.what}`], watch: startStopwatch(host) };
    else if (event.type === "found") begun = begun && toFound(begun, event);
    else if (event.type === "failure") end("failed", event.failure);
    else if (event.type === "undone") takeBack(steps, `${event.action}:${event.what}`);
    else if (event.type === "done" && event.changed) end("done");
    else if (event.type === "done") begun = undefined;
  };
  return { tell, steps: () => steps };
}

interface Begun {
  readonly ids: readonly string[];
  readonly watch: Stopwatch;
  readonly source?: string;
}

/** Whoever asks what became of a module knows its name, and not that of an archive. */
function toFound({ ids, watch }: Begun, { what, addresses }: CourseEvent & { readonly type: "found" }): Begun {
  const action = ids[0]?.replace(/:.*$/s, "") ?? "";
  return { ids: addresses.map((address) => `${action}:${address}`), watch, source: what };
}

function takeBack(steps: DoneStep[], id: string): void {
  const at = steps.findLastIndex((step) => step.id === id);
  const step = steps[at];
  if (step) steps[at] = { ...step, result: "undone" };
}
