import { onReload } from "../host/reload-signal.ts";
import type { DaemonParts } from "./daemon-parts.ts";
import { createMailbox } from "./mailbox.ts";
import { atRest, type DaemonEvent, react } from "./scheduler.ts";
import { createWorks } from "./works.ts";

/**
 * Runs at once, then by the schedule and whenever something changes, until the signal: the run that goes on then ends as
 * `apply` does when it is stopped. `react` decides; clock, disk and service manager are asked and told by the works.
 */
export async function runDaemon(parts: DaemonParts): Promise<void> {
  const { signal } = parts;
  const mailbox = createMailbox<DaemonEvent>();
  const works = await createWorks(parts, mailbox);
  const stop = () => mailbox.put({ type: "stop" });
  signal.addEventListener("abort", stop);
  const deafen = onReload(() => {
    works.reloading();
    mailbox.put({ type: "reload" });
  });
  try {
    mailbox.put({ type: signal.aborted ? "stop" : "start" });
    let state = atRest;
    while (state.phase !== "stopped") {
      const reaction = react(state, await mailbox.take());
      state = reaction.state;
      for (const action of reaction.actions) works.act(action);
    }
  } finally {
    deafen();
    signal.removeEventListener("abort", stop);
    await works.end();
  }
}
