import { type Failure, fail, type Result } from "../dkms/failure.ts";
import { kernelKey, moduleKey } from "../dkms/id.ts";
import { ioFailure } from "../dkms/io-failure.ts";
import type { Done } from "../dkms/verbs/verb.ts";
import type { Host } from "../host/host.ts";
import { monotonicMs } from "../host/monotonic-ms.ts";
import { isSystemError } from "../host/system-error.ts";
import type { Plan } from "../plan/plan.ts";
import type { Step } from "../plan/step.ts";
import { changeResults } from "./change-results.ts";
import { type Engine, type ExecuteOptions, execute } from "./engine.ts";
import type { Emit } from "./event.ts";
import type { Journal } from "./journal.ts";
import { orWarn } from "./or-warn.ts";
import { orderSteps } from "./order-steps.ts";
import type { Applied, StepResult } from "./outcome.ts";
import { placeOf } from "./place-of.ts";
import { runGraph } from "./run-graph.ts";
import { createUndoLog, type UndoLog } from "./undo-log.ts";
import type { Workshop } from "./workshop.ts";

export interface ApplyOptions extends ExecuteOptions {
  readonly emit: Emit;
  readonly journal: Journal;
  readonly engine: Engine;
  /** Start nothing more after the first failure. */
  readonly failFast: boolean;
  /** How long a step will take: the longest way to the end is begun first. */
  readonly expectedMs: (step: Step) => number;
}

/** One more build than there are jobs keeps the processors busy while another strips, signs or waits for the disk. */
const buildsBeyondJobs = 1;

/**
 * Carries out a plan. A failed step takes back what was done to its own instance, and only that; a failed depmod takes
 * back every instance of its kernel. When the host is asked to stop, nothing more is started but the depmod of kernels
 * that were changed. What stays is committed at the end; the result says what became of every step.
 */
export async function applyPlan(host: Host, plan: Plan, options: ApplyOptions): Promise<Applied> {
  const started = monotonicMs();
  for (const change of plan.changes) options.emit({ type: "planned_change", change });
  options.emit({ type: "change_summary", summary: plan.summary });
  const undoLog = createUndoLog(plan.steps, options.emit);
  const run: Running = { host, options, undoLog, results: new Map() };
  await runGraph(orderSteps(plan.steps, options.expectedMs), {
    run: (step) => runStep(run, step),
    resources: (step) => resourcesOf(step, options.workshop),
    counted: ({ kind }) => kind === "build",
    width: options.workshop.pool ? options.jobs + buildsBeyondJobs : 1,
  });
  takeBackUselessAdds(run, plan.steps);
  undoLog.commit();
  const steps = plan.steps.flatMap(({ id }) => run.results.get(id) ?? []);
  const changed = steps.some(({ result }) => result === "done");
  const changes = changeResults(plan.changes, run.results);
  return { steps, changes, changed, interrupted: host.signal.aborted, durationMs: monotonicMs() - started };
}

interface Running {
  readonly host: Host;
  readonly options: ApplyOptions;
  readonly undoLog: UndoLog;
  readonly results: Map<string, StepResult>;
}

/**
 * What is installed for a kernel is changed by one step at a time; so is the one build directory of a module, where no
 * build has one of its own.
 */
function resourcesOf(step: Step, { privateBuilds }: Workshop): readonly string[] {
  switch (step.kind) {
    case "build":
      return privateBuilds ? [] : [moduleKey(step.instance.module)];
    case "load-tarball":
      return [moduleKey(step.instance.module)];
    case "install":
    case "uninstall":
    case "unbuild":
      return [moduleKey(step.instance.module), kernelKey(step.instance.kernel)];
    case "depmod":
      return [kernelKey(step.kernel)];
    case "initramfs":
      // Its makers call the boot loader's hooks, which are written for one at a time.
      return ["initramfs", kernelKey(step.kernel)];
    case "sweep":
      return [];
    default:
      return [moduleKey(step.module)];
  }
}

async function runStep(run: Running, step: Step): Promise<void> {
  const { options, results } = run;
  const place = placeOf(step);
  const because = reasonToSkip(run, step);
  if (because !== undefined) {
    results.set(step.id, { ...place, result: "skipped", failure: undefined, durationMs: 0 });
    options.emit({ type: "step_skipped", ...place, because });
    return;
  }
  options.emit({ type: "step_start", ...place, reason: step.reason });
  const started = monotonicMs();
  const done = await guarded(step, () => {
    begin(options, step);
    return execute(options.engine, run.host, { step, options });
  });
  const durationMs = monotonicMs() - started;
  if (done.ok) return finishStep(run, step, { done: done.value, durationMs });
  if (!hasGivenUp(run, done.error))
    return failStep(run, step, { ...place, result: "failed", failure: done.error, durationMs });
  record(run, { ...place, result: "skipped", failure: undefined, durationMs });
  options.emit({ type: "step_skipped", ...place, because: afterFailure });
}

/** What cannot be written down is not begun; but for depmod, which is owed, and says so in a place of its own. */
function begin({ journal, emit }: ApplyOptions, step: Step): void {
  const write = () => journal.intent(step);
  if (step.kind === "depmod") orWarn(emit, `keep in the journal that ${step.id} begins`, write);
  else write();
}

function reasonToSkip({ host, options, results }: Running, step: Step): string | undefined {
  const before = step.dependsOn.map((id) => ({ id, result: results.get(id)?.result }));
  const isDone = ({ result }: { readonly result: StepResult["result"] | undefined }) => result === "done";
  if (step.kind === "depmod") {
    const owed = step.reason.code !== "kernel-changed" || before.some(isDone);
    return owed ? undefined : "nothing was changed for this kernel";
  }
  const isInitramfs = step.kind === "initramfs";
  // What was built again and came out the same is in it already.
  const changes = before.filter(({ id }) => /^(install|uninstall):/.test(id));
  const isOwed = step.reason.code === "initramfs-outdated" || changes.some(isDone);
  if (isInitramfs && !isOwed) return "nothing was changed for this kernel";
  // The initramfs is made from what is there, whatever else did not come to be; but not beside a failed depmod.
  const wrong: readonly unknown[] = isInitramfs ? ["failed"] : [undefined, "failed", "skipped", "undone"];
  const needed = isInitramfs ? before.filter(({ id }) => id.startsWith("depmod:")) : before;
  const failed = needed.find(({ result }) => wrong.includes(result));
  if (failed) return `${failed.id} ${failed.result === "failed" ? "failed" : "was not done"}`;
  if (host.signal.aborted) return "the run was asked to stop";
  const stops = options.failFast && [...results.values()].some(({ result }) => result === "failed");
  return stops ? afterFailure : undefined;
}

const afterFailure = "another step failed (--fail-fast)";

/** The one boundary: whatever a verb throws becomes a failure of its step, so that the other instances go on. */
async function guarded(step: Step, work: () => Promise<Result<Done>>): Promise<Result<Done>> {
  try {
    return await work();
  } catch (error) {
    if (isSystemError(error)) return ioFailure(error, `${step.kind} ${step.address}`);
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return fail("E_INTERNAL", `This is a bug in dkms-agent: ${message}`, { remedy: "Please report it." });
  }
}

interface Finished {
  readonly done: Done;
  readonly durationMs: number;
}

function finishStep(run: Running, step: Step, { done: { changed, notices, undo }, durationMs }: Finished): void {
  const { options, undoLog } = run;
  const place = placeOf(step);
  // What was so already has nothing to tell: somebody else was faster, or a rebuild came out the same.
  if (changed) for (const text of notices) options.emit({ type: "step_output", ...place, text });
  undoLog.remember(step, undo);
  record(run, { ...place, result: changed ? "done" : "unchanged", failure: undefined, durationMs });
  options.emit({ type: "step_complete", ...place, changed, durationMs });
}

/** A build that has waited for a job slot, and was told that it gets none: nothing of it was begun. */
function hasGivenUp({ host, options }: Running, { code }: Failure): boolean {
  return options.failFast && code === "E_CANCELLED" && !host.signal.aborted;
}

async function failStep(run: Running, step: Step, result: StepResult & { failure: Failure }): Promise<void> {
  const { host, options, undoLog } = run;
  const { id, kind, address, failure, durationMs } = result;
  record(run, result);
  options.emit({ type: "step_errored", id, kind, address, failure, durationMs });
  if (options.failFast) options.workshop.pool?.giveUp();
  markUndone(run, takeBackFor(undoLog, step));
  await undoLog.tellOthers();
  // What is installed is as it was before; modules.dep may not be. If this fails too, depmod stays owed.
  if (step.kind === "depmod") await guarded(step, () => execute(options.engine, host, { step, options }));
}

/**
 * What a failed step takes along. What is installed is as it should be also where the initramfs holds something else: it
 * boots as it did before, and can be made again at any time.
 */
function takeBackFor(undoLog: UndoLog, step: Step): readonly Step[] {
  if (step.kind === "initramfs") return [];
  return step.kind === "depmod" ? undoLog.takeBackKernel(step.kernel) : undoLog.takeBackInstance(step);
}

/** A source that was added, or replaced, for builds of which none succeeded has no reason to stay. */
function takeBackUselessAdds(run: Running, steps: readonly Step[]): void {
  for (const step of steps) {
    if (step.kind !== "add" || run.results.get(step.id)?.result !== "done") continue;
    const dependents = steps.filter(({ dependsOn }) => dependsOn.includes(step.id));
    const useful = dependents.some(({ id }) => ["done", "unchanged"].includes(run.results.get(id)?.result ?? ""));
    if (dependents.length > 0 && !useful) markUndone(run, run.undoLog.takeBack([step]));
  }
}

function markUndone(run: Running, undone: readonly Step[]): void {
  for (const { id } of undone) {
    const before = run.results.get(id);
    if (before) record(run, { ...before, result: "undone" });
  }
}

function record({ options, results }: Running, result: StepResult): void {
  results.set(result.id, result);
  // What is done is done, also if nobody can write it down.
  orWarn(options.emit, `keep in the journal what became of ${result.id}`, () => options.journal.result(result));
}
