import type { DesiredModule, Selector, SourcePlace } from "../desired-state/desired-state.ts";
import type { Diagnostic } from "../desired-state/diagnostic.ts";
import type { Kernel } from "../dkms/kernel.ts";
import { entryPlace } from "./entry.ts";
import { releasesText } from "./releases-text.ts";

/** A selector that chooses nothing here, and a module that has it. */
export interface Miss {
  readonly entry: DesiredModule;
  readonly selector: Selector;
}

/** The kernels of this host, and the one that counts as running. */
export interface HereKernels {
  readonly kernels: readonly Pick<Kernel, "id">[];
  readonly runningKernel: string | undefined;
}

/**
 * An error for `running` where no kernel runs, and a warning for every other selector. What stands in the documents once,
 * for all modules that name no kernels of their own, is told once. Pure.
 */
export function unmatchedDiagnostics(misses: readonly Miss[], facts: HereKernels): readonly Diagnostic[] {
  const byPlace = new Map<string, { readonly place: SourcePlace; readonly miss: Miss; readonly names: string[] }>();
  for (const miss of misses) {
    const place = placeOf(miss);
    const key = JSON.stringify([place, miss.selector]);
    const { names } = byPlace.get(key) ?? { names: [] };
    byPlace.set(key, { place, miss, names: [...names, miss.entry.name] });
  }
  return [...byPlace.values()].map(({ place, miss, names }) => ({
    ...place,
    ...unmatchedFault(miss, names, facts),
  }));
}

/** Of the selector; of the module where no document says its kernels. */
function placeOf({ entry, selector }: Miss): SourcePlace {
  return ownPlace({ entry, selector }) ?? entryPlace(entry);
}

/** `undefined`: no document says it, it is the default. */
function ownPlace({ entry, selector }: Miss): SourcePlace | undefined {
  return entry.places.kernels[entry.kernels.indexOf(selector)];
}

function unmatchedFault(miss: Miss, names: readonly string[], { kernels, runningKernel }: HereKernels) {
  const { selector } = miss;
  const [first = "", ...others] = names;
  const whom = others.length > 2 ? `${first} and ${others.length} more` : names.join(", ");
  if (selector.kind === "running" && runningKernel === undefined) {
    return {
      severity: "error",
      code: "E_RUNNING_ELSEWHERE",
      message: `"running", ${ownPlace(miss) ? "" : "the default "}for ${whom}, means nothing under another root, where no kernel runs`,
      hint: "Name others in `kernels:`: newest, installed, with-headers, a release, or a pattern",
    } as const;
  }
  const there = releasesText(kernels);
  const ofOthers = there && `In the install tree ${there}`;
  const hint = ofInstalled.has(selector.kind)
    ? "A kernel is installed where its own modules are (kernel/); `with-headers` chooses also others that have headers"
    : ofOthers;
  return {
    severity: "warning",
    code: "W_NO_KERNEL_MATCHES",
    message: `No kernel here is chosen by ${describe(selector)}, for ${whom}`,
    ...(hint === undefined ? {} : { hint }),
  } as const;
}

const ofInstalled: ReadonlySet<Selector["kind"]> = new Set(["newest", "installed"]);

function describe(selector: Selector): string {
  switch (selector.kind) {
    case "exact":
      return selector.release;
    case "match":
      return `match: "${selector.glob}"`;
    case "regex":
      return `regex: "${selector.pattern}"`;
    case "range":
      return `range: "${selector.bounds.map(({ operator, version }) => operator + version).join(" ")}"`;
    case "not":
      return `not: ${describe(selector.selector)}`;
    default:
      return selector.kind;
  }
}
