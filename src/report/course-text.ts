import type { Action, CourseEvent } from "../dkms/verbs/course.ts";
import { failureText } from "./failure-text.ts";
import { printable, type Terminal, truncate } from "./terminal.ts";
import { sentence } from "./words.ts";

export interface CourseTextOptions {
  readonly terminal: Terminal;
  /** Failures only. */
  readonly quiet: boolean;
}

type ProgressEvent = CourseEvent & { readonly type: "progress" };

/** What a verb of the command line has to say, where it belongs; complete lines. */
export function courseText(event: CourseEvent, { terminal, quiet }: CourseTextOptions): { out: string; err: string } {
  if (event.type === "failure") return { out: "", err: explain(event.failure, terminal) };
  if (quiet) return { out: "", err: "" };
  switch (event.type) {
    case "found":
      return { out: "", err: "" };
    case "start":
      return { out: event.action === "build" ? `Building ${event.what} …\n` : "", err: "" };
    case "done":
      return { out: event.changed ? `${event.what}: ${results[event.action]}.\n` : "", err: "" };
    case "undone":
      return { out: `${event.what}: ${results[event.action]}, and taken back.\n`, err: "" };
    case "progress":
      return { out: "", err: terminal.isTerminal ? progressLine(event, terminal) : "" };
    case "notice":
      return { out: "", err: `note: ${printable(sentence(event.text))}\n` };
  }
}

const results: Readonly<Record<Action, string>> = {
  add: "added",
  build: "built",
  install: "installed",
  uninstall: "uninstalled",
  unbuild: "unbuilt",
  remove: "removed",
  depmod: "depmod has run",
  load: "loaded",
  pack: "made",
};

/** Takes a progress line away: the next text begins where it stood. */
export const noProgressLine = "\r\u001b[K";

/** Stays on its line, and is written over by the next one. One column less than there are: a full one makes some wrap. */
function progressLine({ what, done, total }: ProgressEvent, { columns }: Terminal): string {
  const share = `${String(Math.floor((100 * done) / total)).padStart(3)} % of ${Math.ceil(total / 1e6)} MB`;
  return `${noProgressLine}${truncate(`${share}  ${printable(what)}`, columns - 1)}`;
}

/** What dkms.conf excludes is as it should be. */
function explain(failure: Parameters<typeof failureText>[0], terminal: Terminal): string {
  if (failure.code !== "E_EXCLUDED") return failureText(failure, terminal);
  return `skipped: ${printable(sentence(failure.message))} [${failure.code}]\n`;
}
