import type { Failure } from "../dkms/failure.ts";
import { type KernelId, kernelKey } from "../dkms/id.ts";
import { ioFailure } from "../dkms/io-failure.ts";
import type { Undo } from "../dkms/verbs/verb.ts";
import { isOfKernel, type Step } from "../plan/step.ts";
import type { Emit } from "./event.ts";
import { orWarn } from "./or-warn.ts";
import { placeOf } from "./place-of.ts";

/** What a run has done and could still take back. Every function that takes back returns what it took, latest first. */
export interface UndoLog {
  readonly remember: (step: Step, undo: Undo) => void;
  readonly takeBack: (steps: readonly Step[]) => readonly Step[];
  /** Everything done to the address of a step. */
  readonly takeBackInstance: (step: Step) => readonly Step[];
  /**
   * Everything that was changed for a kernel, and what was done in consequence. What was built or loaded where nothing
   * was before stays: only what is installed has to do with a kernel as a whole, and the next run need not build again.
   */
  readonly takeBackKernel: (kernel: KernelId) => readonly Step[];
  /** To be called after something was taken back: tells those who have heard of it, and what they say. */
  readonly tellOthers: () => Promise<void>;
  /** From here on nothing can be taken back. */
  readonly commit: () => void;
}

/** An empty log for the steps of one plan. */
export function createUndoLog(plan: readonly Step[], emit: Emit): UndoLog {
  const done: DoneStep[] = [];
  const untold: DoneStep[] = [];
  const takeBack = (steps: readonly Step[]): readonly Step[] => {
    const ids = new Set(steps.map(({ id }) => id));
    const taken = done.filter(({ step }) => ids.has(step.id)).reverse();
    for (const one of taken) {
      done.splice(done.indexOf(one), 1);
      restore(one.step, one.undo, emit);
    }
    untold.push(...taken);
    return taken.map(({ step }) => step);
  };
  return {
    remember: (step, undo) => done.push({ step, undo }),
    takeBack,
    takeBackInstance: ({ address }) => takeBack(plan.filter((step) => step.address === address)),
    takeBackKernel: (kernel) => {
      const key = kernelKey(kernel);
      const isMeant = (step: Step) => "instance" in step && kernelKey(step.instance.kernel) === key;
      return takeBack(withDependents(plan, isMeant).filter((step) => !("replace" in step) || step.replace));
    },
    tellOthers: async () => {
      for (const { step, undo } of untold.splice(0))
        for (const text of (await undo.afterRestore?.()) ?? []) emit({ type: "step_output", ...placeOf(step), text });
    },
    commit: () => {
      for (const { step, undo } of done.splice(0)) orWarn(emit, `clear away what ${step.id} replaced`, undo.commit);
    },
  };
}

interface DoneStep {
  readonly step: Step;
  readonly undo: Undo;
}

/** In plan order every step comes after what it depends on, so one pass finds all dependents. */
function withDependents(plan: readonly Step[], isMeant: (step: Step) => boolean): readonly Step[] {
  const meant = new Set<string>();
  for (const step of plan) {
    if (isMeant(step) || (!isOfKernel(step.kind) && step.dependsOn.some((id) => meant.has(id)))) meant.add(step.id);
  }
  return plan.filter(({ id }) => meant.has(id));
}

function restore(step: Step, undo: Undo, emit: Emit): void {
  const place = placeOf(step);
  emit({ type: "undo_start", ...place });
  let failure: Failure | undefined;
  try {
    undo.restore();
  } catch (error) {
    failure = ioFailure(error, "take back what was done").error;
  }
  emit({ type: "undo_complete", ...place, failure });
}
