import type { Blocked, Change, NotApplicable, PlanSummary } from "./plan.ts";

type Counted = Pick<Change, "actions" | "before" | "after">;

/** Counts what a plan does. Each change counts once, for the most telling thing about it. */
export function summarize(given: {
  readonly changes: readonly Counted[];
  readonly blocked: readonly Blocked[];
  readonly notApplicable: readonly NotApplicable[];
  readonly unchanged: number;
}): PlanSummary {
  const counts = { install: 0, rebuild: 0, build: 0, uninstall: 0, remove: 0, other: 0 };
  for (const change of given.changes) counts[classify(change)] += 1;
  const { blocked, notApplicable, unchanged } = given;
  return { ...counts, blocked: blocked.length, notApplicable: notApplicable.length, unchanged };
}

function classify({
  actions,
  before,
  after,
}: Counted): "install" | "rebuild" | "build" | "uninstall" | "remove" | "other" {
  if (actions.includes("sweep")) return "other";
  if (actions.includes("load-tarball")) return actions.includes("install") ? "install" : "build";
  if (actions.includes("build") && (before === "built" || before === "installed")) return "rebuild";
  if (after === "absent") return actions.includes("remove") ? "remove" : "uninstall";
  if (actions.includes("install")) return "install";
  if (actions.includes("build")) return "build";
  return actions.includes("uninstall") || actions.includes("unbuild") ? "uninstall" : "other";
}
