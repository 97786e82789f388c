import type { Bound, Selector } from "../desired-state/desired-state.ts";
import { compileGlob } from "../dkms/compile-glob.ts";
import { compileRegex } from "../dkms/compile-regex.ts";
import type { CompiledPattern, TextTest } from "../dkms/text-pattern.ts";
import { compareReleases } from "../dkms/version-order.ts";

/** A kernel, as far as selectors can tell kernels apart. */
export interface Candidate {
  readonly release: string;
  /** The kernel itself is there, not only what depmod has written for it. */
  readonly installed: boolean;
  readonly withHeaders: boolean;
}

export interface KernelChoice {
  readonly candidates: readonly Candidate[];
  readonly runningKernel: string | undefined;
}

/** What a list of selectors chose. */
export interface Selection {
  /** In kernel order. May hold releases that the host does not have: spelled exactly, or running without a tree. */
  readonly releases: readonly string[];
  /** Selectors that chose nothing here. */
  readonly unmatched: readonly Selector[];
}

/**
 * Which kernel releases a list of selectors names: the union of the positive ones (all installed ones if there are
 * none), less what any `not` names. `running` chooses nothing where no kernel runs (another root).
 */
export function selectKernels(selectors: readonly Selector[], choice: KernelChoice): Selection {
  const positive = selectors.filter((selector) => selector.kind !== "not");
  const chosen = new Set<string>();
  const unmatched: Selector[] = [];
  for (const selector of positive.length > 0 ? positive : [{ kind: "installed" } as const]) {
    const releases = releasesOf(selector, choice);
    if (releases.length === 0) unmatched.push(selector);
    for (const release of releases) chosen.add(release);
  }
  for (const selector of selectors) {
    if (selector.kind !== "not") continue;
    const named = new Set(releasesOf(selector.selector, withStrangers(choice, chosen)));
    for (const release of named) chosen.delete(release);
  }
  return { releases: [...chosen].sort(compareReleases), unmatched };
}

function releasesOf(selector: Selector, choice: KernelChoice): readonly string[] {
  const { candidates, runningKernel } = choice;
  const having = (test: (candidate: Candidate) => boolean) =>
    candidates.filter(test).map((candidate) => candidate.release);
  switch (selector.kind) {
    case "running":
      return runningKernel === undefined ? [] : [runningKernel];
    case "newest":
      return having(({ installed }) => installed)
        .sort(compareReleases)
        .slice(-1);
    case "installed":
      return having(({ installed }) => installed);
    case "with-headers":
      return having(({ withHeaders }) => withHeaders);
    case "exact":
      return [selector.release];
    case "match": {
      const matches = checked(compileGlob(selector.glob));
      return having(({ release }) => matches(release));
    }
    case "regex": {
      const matches = checked(compileRegex(selector.pattern));
      return having(({ release }) => matches(release));
    }
    case "range":
      return having(({ release }) => selector.bounds.every((bound) => holds(bound, release)));
    case "not": {
      const excluded = new Set(releasesOf(selector.selector, choice));
      return having(({ release }) => !excluded.has(release));
    }
  }
}

/** The documents' patterns were checked when they were read. */
function checked(pattern: CompiledPattern): TextTest {
  if (!pattern.ok) throw new Error(pattern.error.message);
  return pattern.value;
}

function holds({ operator, version }: Bound, release: string): boolean {
  const order = compareReleases(release, version);
  switch (operator) {
    case ">=":
      return order >= 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case "<":
      return order < 0;
    case "=":
      return order === 0;
  }
}

/** A `not` also takes away what was chosen by name and is not on this host. */
function withStrangers({ candidates, runningKernel }: KernelChoice, chosen: ReadonlySet<string>): KernelChoice {
  const known = new Set(candidates.map(({ release }) => release));
  const strangers = [...chosen].filter((release) => !known.has(release));
  const unknown = strangers.map((release) => ({ release, installed: false, withHeaders: false }));
  return { candidates: [...candidates, ...unknown], runningKernel };
}
