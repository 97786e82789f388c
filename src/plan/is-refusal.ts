import type { Diagnostic } from "../desired-state/diagnostic.ts";

/** Whether a problem is one of those that refusals.ts finds: nothing is wrong with the documents then. */
export function isRefusal({ code }: Pick<Diagnostic, "code">): boolean {
  return code === "E_PROTECTED" || code === "E_IN_USE";
}
