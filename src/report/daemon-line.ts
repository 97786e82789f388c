import type { DaemonNote } from "../daemon/daemon-note.ts";
import { jsonLine } from "./event-line.ts";

/** What the daemon tells, for people: its level, and one sentence. */
export interface DaemonWords {
  readonly level: "info" | "warn";
  readonly message: string;
}

/** A note of the daemon in words. Times are those of this machine, as they stand in its logs. */
export function daemonWords(note: DaemonNote): DaemonWords {
  switch (note.type) {
    case "ready":
      return info(`Ready: ${note.watching ? "watching what counts" : "watching nothing"}; ${nextWords(note.next)}.`);
    case "run":
      return info(`A run begins, since ${causeWords(note)}.`);
    case "rest":
      return info(`The run has ended with ${note.exitCode}; ${nextWords(note.next)}.`);
    case "unwatched": {
      const where = `${note.directory} cannot be watched (${note.code})`;
      const cure = note.code === "ENOSPC" ? "; a larger fs.inotify.max_user_watches mends that" : "";
      return { level: "warn", message: `${where}, so that changes there are seen a minute later${cure}.` };
    }
    case "unheard": {
      const message = "The service manager could not be told: that takes the program systemd-notify.";
      return { level: "warn", message };
    }
    case "stopped":
      return info(`Stopped (${note.signal}).`);
  }
}

/** A note of the daemon as one line of JSON, newline included. */
export function daemonLine(note: DaemonNote, at: Date): string {
  const { level, message } = daemonWords(note);
  const body = {
    ...{ type: "daemon" as const, state: note.type, cause: note.type === "run" ? note.cause : null },
    places: note.type === "run" ? note.places : note.type === "unwatched" ? [note.directory] : [],
    exit_code: note.type === "rest" ? note.exitCode : null,
    next_run: ("next" in note ? note.next?.toISOString() : undefined) ?? null,
  };
  return jsonLine({ level, message, body }, at);
}

/** How things are, by the exit code of the last run, for who asks the service manager. */
export function daemonStatus(exitCode: number, next: Date | undefined): string {
  const state = states[exitCode] ?? "The last run failed";
  return `${state}; ${nextWords(next)}.`;
}

const states: Readonly<Record<number, string>> = {
  0: "Everything wanted is there",
  3: "Something wanted is blocked",
  65: "The documents or the settings are not valid, and nothing is changed until they are",
  75: "Another run holds the lock",
  78: "This host cannot run it",
  80: "A protection forbids what the documents want",
};

function info(message: string): DaemonWords {
  return { level: "info", message };
}

function causeWords({ cause, places }: Extract<DaemonNote, { type: "run" }>): string {
  switch (cause) {
    case "start":
      return "the daemon has started";
    case "schedule":
      return "it is time";
    case "change":
      return changeWords(places);
    case "reload":
      return "it was asked to read everything anew";
    case "retry":
      return "the last one could not do everything";
  }
}

function changeWords([first, ...others]: readonly string[]): string {
  if (first === undefined) return "something has changed";
  return `${first} has changed${others.length > 0 ? `, and ${others.length} more` : ""}`;
}

function nextWords(next: Date | undefined): string {
  return next ? `the next run is due at ${localTime(next)}` : "no schedule";
}

/** `2026-11-22 20:17`, as the machine's clock shows it. */
function localTime(time: Date): string {
  const two = (number: number) => String(number).padStart(2, "0");
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}`;
}
