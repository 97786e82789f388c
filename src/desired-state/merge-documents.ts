import { groupBy } from "../dkms/group-by.ts";
import type { DesiredModule, DesiredState, Selector, SourcePlace } from "./desired-state.ts";
import type { Fault } from "./diagnostic.ts";
import type { DraftModule, ParsedDocument, Placed } from "./parse-document.ts";
import { faultAt, type PlacedFault, rangeAt } from "./placed-fault.ts";
import { positionAt } from "./source-text.ts";

/** What the documents say together, and where they contradict each other. */
export interface Merged {
  readonly unlisted: Pick<DesiredState, "unlisted" | "unlistedPlace">;
  readonly modules: readonly DesiredModule[];
  readonly faults: readonly PlacedFault[];
}

const defaultKernels: readonly Selector[] = [{ kind: "running" }, { kind: "newest" }];

/**
 * Several documents as if they were one: the modules one after the other, `kernels` and `unlisted` for all of them.
 * Those two may be said more than once only if they say the same; one module may be listed only once.
 */
export function mergeDocuments(documents: readonly ParsedDocument[]): Merged {
  const kernels = documents.flatMap((document) => document.kernels ?? []);
  const unlisted = documents.flatMap((document) => document.unlisted ?? []);
  const shared = { kernels: kernels[0]?.value ?? defaultKernels, places: kernels[0]?.places ?? [] };
  const drafts = documents.flatMap((document) => document.modules ?? []);
  const modules = drafts.map((draft) => ({ ...draft, value: withKernels(draft.value, shared) }));
  return {
    unlisted: unlistedOf(unlisted[0]),
    modules: modules.map(({ value }) => value),
    faults: [
      ...contradictions(
        "kernels",
        kernels.map((placed) => ({ ...placed, value: selectorsKey(placed.value) })),
      ),
      ...contradictions("unlisted", unlisted),
      ...listedTwice(modules),
      ...sameKernels(modules),
    ],
  };
}

function unlistedOf(placed: ParsedDocument["unlisted"]): Merged["unlisted"] {
  if (!placed) return { unlisted: "report" };
  const { value, source, span } = placed;
  return { unlisted: value, unlistedPlace: { file: source.file, range: rangeAt(source, span) } };
}

interface SharedKernels {
  readonly kernels: readonly Selector[];
  readonly places: readonly SourcePlace[];
}

function withKernels(draft: DraftModule, { kernels, places }: SharedKernels): DesiredModule {
  if (draft.kernels) return { ...draft, kernels: draft.kernels };
  return { ...draft, kernels, places: { ...draft.places, kernels: places } };
}

function contradictions(key: string, said: readonly Placed<string>[]): readonly PlacedFault[] {
  const [first, ...others] = said;
  if (!first) return [];
  const fault: Fault = {
    code: "E_CONFLICT",
    message: `"${key}" counts for all documents, and ${placeOf(first)} says something else.`,
    hint: "Say it in one document only.",
  };
  return others.filter(({ value }) => value !== first.value).map(({ source, span }) => faultAt(source, span, fault));
}

/** A version is listed once, and `*` stands for every version. */
function listedTwice(modules: readonly Placed<DesiredModule>[]): readonly PlacedFault[] {
  return [...groupBy(modules, ({ value }) => value.name).values()].flatMap((sameName) => {
    const everyVersion = sameName.find(({ value }) => value.version === "*");
    const firsts = new Map<string, Placed<DesiredModule>>();
    return sameName.flatMap((module) => {
      const first = firsts.get(module.value.version) ?? (module === everyVersion ? undefined : everyVersion);
      if (!firsts.has(module.value.version)) firsts.set(module.value.version, module);
      return first ? [duplicate(module, first)] : [];
    });
  });
}

function duplicate({ value, source, span }: Placed<DesiredModule>, first: Placed<DesiredModule>): PlacedFault {
  const covered = first.value.version === value.version ? "" : ' with the version "*"';
  return faultAt(source, span, {
    code: "E_DUPLICATE_MODULE",
    message: `${value.name}/${value.version} is listed already in ${placeOf(first)}${covered}.`,
    hint: "Keep one of the two.",
  });
}

/** Which kernels two selectors share is known only on the host; that the same ones do needs no host. */
function sameKernels(modules: readonly Placed<DesiredModule>[]): readonly PlacedFault[] {
  const installed = modules.filter(({ value }) => value.state === "installed");
  const groups = groupBy(installed, ({ value }) => `${value.name}\n${selectorsKey(value.kernels)}`);
  return [...groups.values()].flatMap(([first, ...others]) =>
    first
      ? others.filter(({ value }) => value.version !== first.value.version).map((other) => clash(other, first))
      : [],
  );
}

function clash({ value, source, span }: Placed<DesiredModule>, first: Placed<DesiredModule>): PlacedFault {
  const { name, version } = value;
  return faultAt(source, span, {
    code: "E_CONFLICT",
    message: `${name} ${version} is wanted for the same kernels as ${name} ${first.value.version} in ${placeOf(first)}.`,
    hint: "Only one version of a module can be installed for a kernel: give them different kernels, or keep one.",
  });
}

/** The order of selectors means nothing. */
function selectorsKey(selectors: readonly Selector[]): string {
  return [...new Set(selectors.map((selector) => JSON.stringify(selector)))].sort().join("\n");
}

function placeOf({ source, span }: Placed<unknown>): string {
  return `${source.file}, line ${positionAt(source, span.start).line}`;
}
