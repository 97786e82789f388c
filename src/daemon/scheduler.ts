/** Why a run begins. */
export type Cause = "start" | "schedule" | "change" | "reload" | "retry";

/** What happens to the daemon. */
export type DaemonEvent =
  | { readonly type: "start" }
  /** The schedule's time has come, or is over. */
  | { readonly type: "due" }
  /** Something that counts is not as it was when last looked at. */
  | { readonly type: "change" }
  /** Nothing has changed for a while. */
  | { readonly type: "settled" }
  /** What kept the last run from doing everything may be over. */
  | { readonly type: "retry" }
  /** Somebody wants everything read anew. */
  | { readonly type: "reload" }
  /** `moved`: what counts is not as it was just before the run. `unfinished`: not all was done, and time may help. */
  | { readonly type: "ended"; readonly moved: boolean; readonly unfinished: boolean }
  | { readonly type: "stop" };

/** What the daemon does about it. */
export type DaemonAction =
  /** Nothing is waited for any more, the schedule aside: the run sees it all. */
  | { readonly type: "run"; readonly cause: Cause }
  /** Wait, from now on anew, until nothing changes any more; then `settled`. */
  | { readonly type: "settle" }
  /** Wait a while; then `retry`. */
  | { readonly type: "wait" }
  /** Ask the run to end early. */
  | { readonly type: "stop-run" }
  | { readonly type: "exit" };

export interface DaemonState {
  readonly phase: "idle" | "running" | "stopping" | "stopped";
  /** Why there is to be another run right after the one that goes on. */
  readonly next: Cause | undefined;
}

export const atRest: DaemonState = { phase: "idle", next: undefined };

export interface Reaction {
  readonly state: DaemonState;
  readonly actions: readonly DaemonAction[];
}

/**
 * What becomes of the daemon. There is never more than one run; whatever is wanted during one is done by a single run after
 * it; nothing that changes is lost: what the run may not have seen, since it changed while it went on, is looked at by
 * another one. After a stop, no run begins.
 */
export function react(state: DaemonState, event: DaemonEvent): Reaction {
  switch (state.phase) {
    case "idle":
      return whenIdle(state, event);
    case "running":
      return whenRunning(state, event);
    case "stopping":
      return event.type === "ended" ? exit : { state, actions: [] };
    case "stopped":
      return { state, actions: [] };
  }
}

const exit: Reaction = { state: { phase: "stopped", next: undefined }, actions: [{ type: "exit" }] };

const causes = {
  start: "start",
  due: "schedule",
  settled: "change",
  retry: "retry",
  reload: "reload",
} as const satisfies Partial<Record<DaemonEvent["type"], Cause>>;

function whenIdle(state: DaemonState, event: DaemonEvent): Reaction {
  switch (event.type) {
    case "change":
      return { state, actions: [{ type: "settle" }] };
    case "stop":
      return exit;
    case "ended":
      return { state, actions: [] };
    default:
      return begin(causes[event.type]);
  }
}

function begin(cause: Cause): Reaction {
  return { state: { phase: "running", next: undefined }, actions: [{ type: "run", cause }] };
}

function whenRunning(state: DaemonState, event: DaemonEvent): Reaction {
  switch (event.type) {
    case "stop":
      return { state: { phase: "stopping", next: undefined }, actions: [{ type: "stop-run" }] };
    case "change":
      // The look after the run finds it too, and waits until it settles.
      return { state, actions: [] };
    case "ended":
      return state.next === undefined ? rest(event) : begin(state.next);
    default:
      // To read everything anew is more than to look again.
      return { state: { ...state, next: state.next === "reload" ? "reload" : causes[event.type] }, actions: [] };
  }
}

function rest({ moved, unfinished }: { readonly moved: boolean; readonly unfinished: boolean }): Reaction {
  const settle: readonly DaemonAction[] = moved ? [{ type: "settle" }] : [];
  const wait: readonly DaemonAction[] = unfinished ? [{ type: "wait" }] : [];
  return { state: atRest, actions: [...settle, ...wait] };
}
