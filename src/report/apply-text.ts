import type { ApplyEvent } from "../apply/event.ts";
import type { Outcome } from "../apply/outcome.ts";
import type { Change } from "../plan/plan.ts";
import { diagnosticText } from "./diagnostic-text.ts";
import { eventMessage, outcomeMessage } from "./event-message.ts";
import { failureText } from "./failure-text.ts";
import { planRows } from "./plan-rows.ts";
import { summaryText } from "./plan-text.ts";
import { resultsTable } from "./results-table.ts";
import { layRows } from "./rows.ts";
import { hang, paint, printable, type Terminal, wrap } from "./terminal.ts";
import { lines, sentence } from "./words.ts";

export interface ApplyTextOptions {
  /** Only what fails or changed, and what is blocked unless that was told before. */
  readonly quiet: boolean;
  /** What an earlier run has told to be blocked: the address -> the reason. */
  readonly toldBlocked?: ReadonlyMap<string, string>;
  /** With the start of each step. */
  readonly verbose: boolean;
  /** The changes were shown already, by who asked for a yes. */
  readonly planShown?: boolean;
}

/** What is said about one event: on stdout, and on stderr what must be seen even where stdout is thrown away. */
export interface Said {
  readonly out: string;
  readonly err: string;
}

/** Turns the events of one run into text. Remembers only the changes, until all are known. */
export function createApplyText(
  terminals: { readonly out: Terminal; readonly err: Terminal },
  options: ApplyTextOptions,
): (event: ApplyEvent) => Said {
  const changes: Change[] = [];
  return (event) => {
    switch (event.type) {
      case "diagnostic": {
        const isShown = !options.quiet || event.diagnostic.severity === "error";
        return isShown ? { out: "", err: `${diagnosticText(event.diagnostic, terminals.err)}\n` } : nothing;
      }
      case "planned_change":
        changes.push(event.change);
        return nothing;
      case "change_summary":
        if (options.quiet || options.planShown || changes.length === 0) return nothing;
        return out(
          planned(changes, terminals.out) + wrapped(summaryText(event.summary, terminals.out), terminals.out),
          "\n\n",
        );
      case "step_errored":
      case "undo_complete":
        if (event.failure) {
          const what = `${event.kind} ${event.address}: `;
          return { out: "", err: failureText(event.failure, terminals.err, what) };
        }
        return options.quiet ? nothing : out(stepLine(event, terminals.out));
      case "run_complete":
        return ending(event.outcome, terminals, options);
      default:
        return isShown(event, options) ? out(stepLine(event, terminals.out)) : nothing;
    }
  };
}

const nothing: Said = { out: "", err: "" };

function out(text: string, end = "\n"): Said {
  return { out: text + end, err: "" };
}

function planned(changes: readonly Change[], terminal: Terminal): string {
  return `${lines(layRows(planRows({ changes, blocked: [], notApplicable: [] }, false), terminal))}\n`;
}

function isShown({ type }: ApplyEvent, { quiet, verbose }: ApplyTextOptions): boolean {
  if (quiet) return false;
  return verbose || (type !== "step_start" && type !== "undo_start");
}

const marks = {
  step_complete: ["+", "good"],
  step_skipped: ["-", "change"],
  step_output: ["!", "change"],
  undo_complete: ["-", "change"],
} as const;

function stepLine(event: ApplyEvent, terminal: Terminal): string {
  const message = printable(eventMessage(event));
  const known = Object.entries(marks).find(([type]) => type === event.type);
  const [mark, tone] = known?.[1] ?? ([">", "quiet"] as const);
  const [first = "", ...rest] = hang("    ", message, terminal.columns);
  return [`  ${paint(terminal, tone, mark)} ${first.trimStart()}`, ...rest].join("\n");
}

function ending(
  outcome: Outcome,
  terminals: { readonly out: Terminal; readonly err: Terminal },
  { quiet, verbose, toldBlocked }: ApplyTextOptions,
): Said {
  const { remaining, steps, changes } = outcome;
  const found = remaining?.blocked ?? [];
  const isNews = steps.length > 0 || found.some(({ address, reason }) => toldBlocked?.get(address) !== reason);
  const blocked = quiet && !isNews ? [] : found;
  const notApplicable = verbose && !quiet ? (remaining?.notApplicable ?? []) : [];
  const rows = planRows({ changes: [], blocked, notApplicable: [] }, verbose);
  const others = planRows({ changes: [], blocked: [], notApplicable }, verbose);
  const table = changes.length > 1 && !quiet ? `\n${resultsTable(changes, terminals.out)}` : "";
  const gap = steps.length > 0 && !quiet ? "\n" : "";
  const last =
    quiet && !outcome.changed ? "" : `${gap}${verdict(outcome, terminals.out)}\n${rebootLine(outcome, terminals.out)}`;
  const toldBefore = lines(layRows(rows, terminals.err));
  const errGap = toldBefore !== "" && last !== "" && gap === "" && table === "" ? "\n" : "";
  return { out: lines(layRows(others, terminals.out)) + table + last, err: toldBefore + errGap };
}

function verdict(outcome: Outcome, terminal: Terminal): string {
  const message = outcomeMessage(outcome);
  const colon = message.indexOf(":");
  const bad = outcome.interrupted || outcome.steps.some(({ result }) => result === "failed");
  const painted = paint(terminal, bad ? "bad" : "good", message.slice(0, colon + 1)) + message.slice(colon + 1);
  return wrapped(painted, terminal);
}

function rebootLine({ reboot }: Outcome, terminal: Terminal): string {
  if (!reboot.required) return "";
  return `${wrapped(`${paint(terminal, "change", "Reboot required:")} ${sentence(reboot.reasons.join("; "))}`, terminal)}\n`;
}

function wrapped(text: string, { columns }: Terminal): string {
  return wrap(text, columns).join("\n");
}
