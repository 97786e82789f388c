import type { EarlierPlan } from "../apply/admit-earlier.ts";
import { type CompareOptions, compare } from "../compare.ts";
import type { DesiredState } from "../desired-state/desired-state.ts";
import { fail, type Result, succeed } from "../dkms/failure.ts";
import type { Host } from "../host/host.ts";
import { readLine } from "../host/keyboard.ts";
import { planText } from "../report/plan-text.ts";
import type { ShownPlan } from "../report/shown-plan.ts";
import type { Invocation } from "./command.ts";
import { exitCodeOfProblems } from "./exit-codes.ts";
import { planFacts } from "./plan-facts.ts";

interface Asked {
  readonly desired: DesiredState;
  readonly compare: CompareOptions;
  /** A saved plan, and how it is shown. */
  readonly earlier: (EarlierPlan & { readonly shown: ShownPlan }) | undefined;
}

/**
 * Shows what would be done and asks whether it is to be. Answers with the plan that was shown, so that this one is carried
 * out and no other; with nothing if there is nothing to ask about. Fails with E_CANCELLED unless the answer is yes. The
 * lock is not held meanwhile.
 */
export async function askFirst(
  host: Host,
  invocation: Invocation,
  { desired, compare: options, earlier }: Asked,
): Promise<Result<EarlierPlan | undefined>> {
  const plan = earlier ?? (await planNow(host, desired, options));
  if (!plan) return succeed(undefined);
  const { io, options: shared, signal } = invocation;
  const sink = shared.json ? io.err : io.out;
  const shown = planText(plan.shown, sink.terminal, {
    quiet: false,
    verbose: shared.verbosity > 0,
    unlisted: earlier ? "ignore" : desired.unlisted,
  });
  sink.write(`${shown}\n`);
  io.err.write("Do this? Only y or yes goes on: ");
  const answer = await readLine(signal);
  if (answer === undefined) io.err.write("\n");
  if (/^\s*y(es)?\s*$/i.test(answer ?? "")) return succeed({ plan: plan.plan, origin: plan.origin });
  return fail("E_CANCELLED", "The answer was not yes; nothing was done.");
}

/** The plan of now; `undefined` if it has nothing to do, or cannot be carried out, of which apply itself tells. */
async function planNow(host: Host, desired: DesiredState, options: CompareOptions): Promise<Asked["earlier"]> {
  const compared = await compare(host, desired, options);
  const { plan } = compared;
  if (plan.steps.length === 0 || exitCodeOfProblems(plan.diagnostics) !== undefined) return undefined;
  const { filter } = options;
  const facts = planFacts(host, { desired, filter, compared });
  const saved = {
    planId: facts.planId,
    createdAt: facts.createdAt.toISOString(),
    machine: { machineId: facts.host.machineId, ...host.paths },
    desired,
    filter,
    steps: plan.steps,
    observed: facts.observed.touched,
  };
  return { plan: saved, origin: "the plan that was shown", shown: plan };
}
