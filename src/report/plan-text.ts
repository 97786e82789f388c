import type { Unlisted } from "../desired-state/desired-state.ts";
import type { PlanSummary } from "../plan/plan.ts";
import { diagnosticsText } from "./diagnostic-text.ts";
import { planRows } from "./plan-rows.ts";
import { layRows } from "./rows.ts";
import type { ShownPlan } from "./shown-plan.ts";
import { hang, paint, type Terminal, wrap } from "./terminal.ts";
import { count, lines } from "./words.ts";

export interface PlanTextOptions {
  /** Without anything that needs no attention. */
  readonly quiet: boolean;
  /** With the steps in their order, and where the documents ask for each thing. */
  readonly verbose: boolean;
  /** What the documents say about modules that they do not list. */
  readonly unlisted: Unlisted;
}

/** A plan reads like a diff: a line for each change, what is blocked, what is not applicable; the summary last. */
export function planText(plan: ShownPlan, terminal: Terminal, options: PlanTextOptions): string {
  const notApplicable = options.quiet ? [] : plan.notApplicable;
  const rows = layRows(planRows({ ...plan, notApplicable }, options.verbose), terminal);
  const told = options.quiet ? plan.diagnostics.filter(({ severity }) => severity === "error") : plan.diagnostics;
  const warnings = diagnosticsText(told, terminal);
  const sections = [
    lines(rows),
    options.verbose ? stepsText(plan.steps, terminal) : "",
    options.quiet || options.unlisted !== "report" ? "" : unlistedText(plan, terminal),
    warnings,
    options.quiet ? "" : lines(wrap(summaryText(plan.summary, terminal), terminal.columns)),
  ];
  return sections.filter((section) => section !== "").join("\n");
}

/** One sentence: what would be done, what cannot be, and how much is as it should be. */
export function summaryText(summary: PlanSummary, terminal: Terminal): string {
  const { unchanged, blocked, notApplicable } = summary;
  const todo = countActions(summary);
  const aside = [
    ...(blocked > 0 ? [paint(terminal, "bad", `${blocked} blocked`)] : []),
    ...(notApplicable > 0 ? [`${notApplicable} not applicable`] : []),
  ];
  if (todo.length === 0 && blocked === 0) {
    const rest = aside.length === 0 ? "" : ` (${aside.join(", ")})`;
    return `${paint(terminal, "good", "Nothing to do:")} ${asItShouldBe(unchanged)}${rest}.`;
  }
  const fine = unchanged > 0 ? [`${unchanged} unchanged`] : [];
  const work = todo.length === 0 ? ["nothing to do"] : todo;
  return `${paint(terminal, "strong", "Plan:")} ${[...work, ...aside, ...fine].join(", ")}.`;
}

function countActions(summary: PlanSummary): readonly string[] {
  const kinds = [
    ["install", "install"],
    ["build", "build"],
    ["rebuild", "rebuild"],
    ["uninstall", "uninstall"],
    ["remove", "remove"],
  ] as const;
  const counted = kinds.flatMap(([key, verb]) => (summary[key] > 0 ? [`${summary[key]} to ${verb}`] : []));
  return summary.other > 0 ? [...counted, count(summary.other, "other change")] : counted;
}

function asItShouldBe(unchanged: number): string {
  if (unchanged === 0) return "no instance is wanted here, and nothing is in the way";
  if (unchanged === 1) return "the one wanted instance is as it should be";
  if (unchanged === 2) return "both wanted instances are as they should be";
  return `all ${unchanged} wanted instances are as they should be`;
}

/** The steps numbered in their order, each with the numbers of those that it waits for. */
function stepsText(steps: ShownPlan["steps"], terminal: Terminal): string {
  if (steps.length === 0) return "";
  const numbers = new Map(steps.map(({ id }, index) => [id, index + 1]));
  const width = String(steps.length).length;
  const listed = steps.flatMap(({ kind, address, dependsOn, reason }, index) => {
    const number = String(index + 1).padStart(width);
    const earlier = dependsOn.flatMap((id) => numbers.get(id) ?? []);
    const after = earlier.length === 0 ? "" : ` (after ${earlier.join(", ")})`;
    return hang(`  ${number}. ${kind.padEnd(9)} `, `${address}${after}: ${reason.text}`, terminal.columns);
  });
  return lines(["Steps:", ...listed]);
}

/** What is in the tree and in no document; empty for nothing. */
export function unlistedText({ unlisted }: Pick<ShownPlan, "unlisted">, { columns }: Terminal): string {
  if (unlisted.length === 0) return "";
  const told = `In the DKMS tree, but in no document (left alone; see "unlisted"): ${unlisted.join(", ")}`;
  return lines(wrap(told, columns));
}
