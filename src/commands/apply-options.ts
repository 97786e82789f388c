import type { ApplyOptions } from "../apply/apply-plan.ts";
import { builtInEngine } from "../apply/built-in-engine.ts";
import type { Journal } from "../apply/journal.ts";
import { noWorkshop } from "../apply/workshop.ts";
import type { OpenedHost } from "./open-host.ts";
import { runOptionsOf } from "./run-options.ts";

/** How a plan is applied, as the host's settings say, for a program that holds the lock; its builds take turns. */
export function applyOptionsOf(opened: OpenedHost, journal: Journal): ApplyOptions {
  return { ...runOptionsOf(opened), journal, engine: builtInEngine, workshop: noWorkshop, expectedMs: () => 0 };
}
