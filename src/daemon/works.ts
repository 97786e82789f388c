import type { DaemonSettings } from "../desired-state/settings.ts";
import { dpkgAtWork } from "../dkms/dpkg-at-work.ts";
import { type Alarms, createAlarms } from "./alarms.ts";
import { cronTimes } from "./cron-times.ts";
import type { DaemonParts, Orders } from "./daemon-parts.ts";
import { createHerald, type Herald } from "./herald.ts";
import type { Mailbox } from "./mailbox.ts";
import { retryPause } from "./retry-pause.ts";
import type { Cause, DaemonAction, DaemonEvent } from "./scheduler.ts";
import { createTimetable, jitterOf, type Timetable } from "./timetable.ts";
import { createWatch, type Watch } from "./watch.ts";

/** What the daemon does; what comes of it goes into the mailbox. */
export interface Works {
  readonly act: (action: DaemonAction) => void;
  /** Somebody has asked for what the next run does anyway. */
  readonly reloading: () => void;
  /** Ends what still waits. */
  readonly end: () => Promise<void>;
}

/** At least so often it is looked at the clock, which may have been set, and at what may have changed unheard. */
const beatMs = 60_000;
/** Between two looks at the clock when it is nearly time, so that it is not looked at without end. */
const leastMs = 20;
/** Everything that a run waits for has a time limit; one that takes longer than all of them together hangs. */
const longestRunMs = 24 * 3_600_000;
/** What never settles is looked at after so many times the time for which it should have been quiet. */
const patience = 10;

/** Ready to work: what counts has been looked at once, and the service manager knows. */
export async function createWorks(parts: DaemonParts, mailbox: Mailbox<DaemonEvent>): Promise<Works> {
  const orders = await parts.orders();
  const alarms = createAlarms<AlarmName>(mailbox.fail);
  const herald = createHerald(parts.manager, () => parts.tell({ type: "unheard" }));
  const desk: Desk = {
    ...{ parts, mailbox, alarms, herald, orders, timetable: timetableOf(orders.settings, parts) },
    ...{ watch: createWatch(() => alarms.set("look", 0, () => look(desk)), parts.tell), lookedAt: 0 },
    ...{
      runningSince: undefined,
      isReloading: false,
      misses: 0,
      isLocked: false,
      unsettledSince: undefined,
      places: [],
    },
  };
  lookAtAll(desk);
  parts.tell({ type: "ready", next: nextRun(desk), watching: orders.settings.watch });
  herald.ready();
  beat(desk);
  return {
    act: (action) => act(desk, action),
    reloading: () => {
      desk.isReloading = true;
    },
    end: () => end(desk),
  };
}

type AlarmName = "beat" | "look" | "settle" | "retry";

/** The only thing here that changes. */
interface Desk {
  readonly parts: DaemonParts;
  readonly mailbox: Mailbox<DaemonEvent>;
  readonly alarms: Alarms<AlarmName>;
  readonly watch: Watch;
  readonly herald: Herald;
  orders: Orders;
  timetable: Timetable;
  /** When the run that goes on has begun; as all times here, by the clock that nobody sets. */
  runningSince: number | undefined;
  isReloading: boolean;
  /** Since when something changes again and again. */
  unsettledSince: number | undefined;
  lookedAt: number;
  /** How many runs in a row were to make up for the one before, and could not. */
  misses: number;
  isLocked: boolean;
  /** What has changed since the last run began. */
  places: readonly string[];
}

function act(desk: Desk, action: DaemonAction): void {
  const { parts, mailbox, alarms, herald } = desk;
  switch (action.type) {
    case "run":
      run(desk, action.cause).then(mailbox.put, mailbox.fail);
      return;
    case "settle":
      settle(desk);
      return;
    case "wait":
      alarms.set("retry", pauseOf(desk), () => mailbox.put({ type: "retry" }));
      return;
    case "stop-run":
      // The run listens to the same signal as we do.
      herald.stopping("Ending the run that goes on.");
      return;
    case "exit":
      parts.tell({ type: "stopped", signal: String(parts.signal.reason) });
      herald.stopping("Stopped.");
  }
}

/** From the first change on, since more follow: a package is unpacked file by file. */
function settle(desk: Desk): void {
  const { debounceMs } = desk.orders.settings;
  const now = desk.parts.elapsedMs();
  desk.unsettledSince ??= now;
  const left = desk.unsettledSince + patience * debounceMs - now;
  const pause = Math.max(0, Math.min(debounceMs, left));
  desk.alarms.set("settle", pause, () => {
    // Of a kernel that it removes, the hooks run before its files go: what is installed for it in between, stays behind.
    if (left > pause && dpkgAtWork(desk.orders.host) !== undefined) settle(desk);
    else desk.mailbox.put({ type: "settled" });
  });
}

async function run(desk: Desk, cause: Cause): Promise<DaemonEvent> {
  const { parts, alarms, herald } = desk;
  desk.runningSince = parts.elapsedMs();
  alarms.clear("settle");
  alarms.clear("retry");
  await renew(desk);
  // From here on, what changes may not be seen by the run.
  note(desk, lookAtAll(desk));
  parts.tell({ type: "run", cause, places: cause === "change" ? desk.places : [] });
  desk.places = [];
  desk.unsettledSince = undefined;
  herald.status("A run goes on.");
  const exitCode = await parts.run();
  note(desk, lookAtAll(desk));
  desk.runningSince = undefined;
  const { locked, unfinished } = parts.codes;
  const isUnfinished = [locked, ...unfinished].includes(exitCode);
  desk.misses = isUnfinished ? (cause === "retry" ? desk.misses : 0) + 1 : 0;
  desk.isLocked = exitCode === locked;
  const next = nextRun(desk, isUnfinished ? nowOf(desk) + pauseOf(desk) : undefined);
  parts.tell({ type: "rest", exitCode, next });
  herald.status(parts.status(exitCode, next));
  return { type: "ended", moved: desk.places.length > 0, unfinished: isUnfinished };
}

function pauseOf({ misses, isLocked, orders }: Desk): number {
  return retryPause({ misses, isLocked, debounceMs: orders.settings.debounceMs });
}

async function renew(desk: Desk): Promise<void> {
  const before = desk.orders.settings;
  const isReload = desk.isReloading;
  desk.isReloading = false;
  if (isReload) desk.herald.reloading();
  desk.orders = await desk.parts.orders();
  const after = desk.orders.settings;
  const isSame =
    before.schedule === after.schedule && before.timezone === after.timezone && before.jitterMs === after.jitterMs;
  if (!isSame) {
    desk.timetable = timetableOf(after, desk.parts);
    beat(desk);
  }
  if (isReload) desk.herald.ready();
}

function timetableOf(settings: DaemonSettings, { machine }: DaemonParts): Timetable {
  const { next, gapMs } = cronTimes(settings);
  return createTimetable(next, jitterOf(machine, Math.min(settings.jitterMs, gapMs)));
}

/** What has changed since the last look; nothing where nobody wants to know. */
function lookAtAll({ watch, orders: { host, scope, settings } }: Desk): readonly string[] {
  return settings.watch ? watch.look(host, scope) : [];
}

/** The one look of a run tells all that has changed during it. */
function look(desk: Desk): void {
  if (desk.runningSince !== undefined) return;
  desk.lookedAt = desk.parts.elapsedMs();
  const changed = lookAtAll(desk);
  if (changed.length === 0) return;
  note(desk, changed);
  desk.mailbox.put({ type: "change" });
}

function note(desk: Desk, changed: readonly string[]): void {
  desk.places = [...new Set([...desk.places, ...changed])].slice(0, mostPlaces);
}

/** More than that nobody reads. */
const mostPlaces = 100;

/** The pulse: a daemon whose loop stands still, or does not keep up, has none. */
function beat(desk: Desk): void {
  const { parts, mailbox, alarms, timetable, herald } = desk;
  const isStuck = parts.elapsedMs() - (desk.runningSince ?? parts.elapsedMs()) > longestRunMs;
  if (mailbox.isEmpty() && !isStuck) herald.beat();
  const now = nowOf(desk);
  if (timetable.isDue(now)) mailbox.put({ type: "due" });
  if (parts.elapsedMs() - desk.lookedAt >= beatMs) look(desk);
  const due = timetable.due(now) ?? Number.POSITIVE_INFINITY;
  // Three times in the period, so that one may be late.
  const pause = Math.min(beatMs, due - now, (herald.watchdogMs ?? Number.POSITIVE_INFINITY) / 3);
  alarms.set("beat", Math.max(leastMs, pause), () => beat(desk));
}

function nowOf({ orders }: Desk): number {
  return orders.host.clock().getTime();
}

function nextRun(desk: Desk, retry?: number): Date | undefined {
  const times = [desk.timetable.due(nowOf(desk)), retry].filter((time) => time !== undefined);
  return times.length === 0 ? undefined : new Date(Math.min(...times));
}

async function end(desk: Desk): Promise<void> {
  for (const name of ["beat", "look", "settle", "retry"] as const) desk.alarms.clear(name);
  desk.watch.close();
  await desk.herald.heard();
}
