import type { PlanDocument } from "../contract/plan-schema.ts";
import type { Diagnostic } from "../desired-state/diagnostic.ts";
import type { Blocked, Change, NotApplicable, Plan } from "../plan/plan.ts";
import type { Step } from "../plan/step.ts";
import { printable } from "./terminal.ts";

/** As much of a plan as a text tells: so that the plan of now and one from a file are told in the same way. */
export interface ShownPlan extends Pick<Plan, "summary"> {
  readonly changes: readonly ShownChange[];
  readonly steps: readonly ShownStep[];
  readonly blocked: readonly ShownBlocked[];
  readonly notApplicable: readonly ShownNotApplicable[];
  readonly unlisted: readonly string[];
  readonly diagnostics: readonly ShownDiagnostic[];
}

/** Addresses and reasons are only words here. */
type Told<T> = Omit<T, "address" | "source"> & { readonly address: string; readonly source: Change["source"] };

export type ShownChange = Told<Pick<Change, "address" | "actions" | "before" | "after" | "drift" | "source">> & {
  readonly reason: { readonly text: string };
};

export type ShownBlocked = Told<Pick<Blocked, "address" | "text" | "remedy" | "source">> & { readonly code: string };

export type ShownNotApplicable = Told<NotApplicable>;

export type ShownStep = Pick<Step, "kind"> & {
  readonly id: string;
  readonly address: string;
  readonly dependsOn: readonly string[];
  readonly reason: { readonly text: string };
};

export type ShownDiagnostic = Omit<Diagnostic, "code"> & { readonly code: string };

/** A plan document, as it is to be shown. Nothing in it can make a terminal do what its author likes. */
export function planOfDocument(document: PlanDocument): ShownPlan {
  return {
    changes: document.changes.map(({ address, reason, source, ...change }) => ({
      ...change,
      address: printable(address),
      reason: { text: printable(reason.text) },
      source: placeOf(source),
    })),
    steps: document.steps.map(({ id, kind, address, depends_on, reason }) => ({
      ...{ id, kind, dependsOn: depends_on },
      address: printable(address),
      reason: { text: printable(reason.text) },
    })),
    blocked: document.blocked.map(({ address, code, text, remedy, source }) => ({
      ...{ address: printable(address), code: printable(code), text: printable(text), remedy: printable(remedy) },
      source: placeOf(source),
    })),
    notApplicable: document.not_applicable.map(({ address, text, source }) => ({
      ...{ address: printable(address), text: printable(text), source: placeOf(source) },
    })),
    unlisted: document.unlisted.map(printable),
    diagnostics: document.diagnostics.map(diagnosticOf),
    summary: summaryOf(document),
  };
}

function placeOf(source: PlanDocument["changes"][number]["source"]): Change["source"] {
  return source ? { ...source, file: printable(source.file) } : undefined;
}

function diagnosticOf({ severity, code, message, file, hint }: PlanDocument["diagnostics"][number]): ShownDiagnostic {
  const advice = hint === null ? {} : { hint: printable(hint) };
  return { severity, code, message: printable(message), file: printable(file ?? "the plan"), ...advice };
}

function summaryOf({ summary: { not_applicable, ...counts } }: PlanDocument): Plan["summary"] {
  return { ...counts, notApplicable: not_applicable };
}
