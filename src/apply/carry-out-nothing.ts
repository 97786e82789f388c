import type { Host } from "../host/host.ts";
import type { Plan } from "../plan/plan.ts";
import type { Emit } from "./event.ts";
import type { Applied } from "./outcome.ts";

/** What a plan without steps comes to. It takes no engine, for which nobody who has nothing to do waits. */
export function carryOutNothing({ signal }: Pick<Host, "signal">, { summary }: Plan, emit: Emit): Applied {
  emit({ type: "change_summary", summary });
  return { steps: [], changes: [], changed: false, interrupted: signal.aborted, durationMs: 0 };
}
