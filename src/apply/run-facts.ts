import type { Caller } from "../host/caller.ts";
import type { PlanFilter } from "../plan/resolve-wanted.ts";

/** What every command says about itself. */
export interface CommandFacts {
  readonly caller: Caller;
  /** What was asked for, e.g. `apply` or `dkms install`. */
  readonly command: string;
  readonly toolVersion: string;
}

/** What a run says about itself. */
export interface RunFacts extends CommandFacts {
  readonly engine: string;
  /** The plan_id of a saved plan that is applied. */
  readonly planId?: string | undefined;
  /** What it is narrowed to. */
  readonly filter?: ScopeFilter | undefined;
}

export type ScopeFilter = Pick<PlanFilter, "modules" | "kernel">;

/** As lines of the journal have it: who ran what. */
export function callerFields({ caller, command, toolVersion }: CommandFacts): Readonly<Record<string, unknown>> {
  return { uid: caller.uid, user: caller.user, login: caller.login, command, version: toolVersion };
}

/** As lines of the journal have it: what the run was narrowed to; nothing of one that was not. */
export function scopeFields(filter: ScopeFilter | undefined): Readonly<Record<string, unknown>> {
  if (!filter) return {};
  const { modules, kernel } = filter;
  const names = modules.map(({ name, version }) => (version === undefined ? name : `${name}/${version}`));
  return { ...(names.length > 0 && { modules: names }), kernel };
}
