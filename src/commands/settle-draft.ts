import type { ActualState } from "../actual-state/actual-state.ts";
import { scanActual } from "../actual-state/scan-actual.ts";
import { type CompareOptions, compare } from "../compare.ts";
import type { Diagnostic } from "../desired-state/diagnostic.ts";
import { parseDesired } from "../desired-state/load-desired.ts";
import type { ModuleShape } from "../desired-state/schema.ts";
import { type WrittenDocument, writeDesired } from "../desired-state/write-desired.ts";
import { moduleKey } from "../dkms/id.ts";
import { openDigests } from "../dkms/known-digests.ts";
import { openEvaluations } from "../dkms/known-evaluations.ts";
import type { Host } from "../host/host.ts";
import { type DraftEntry, draftDesired, draftSelectors, leaveOut, narrowDraft } from "../plan/draft-desired.ts";
import { noFilter } from "../plan/resolve-wanted.ts";
import { toolBuild } from "./tool-version.ts";

/** A document that says what is there. */
export interface SettledDraft {
  readonly text: string;
  readonly entries: readonly DraftEntry[];
  /** As the document writes each entry. */
  readonly modules: readonly ModuleShape[];
  /** What a plan finds to do whatever the document says. */
  readonly unavoidable: readonly string[];
  readonly actual: ActualState;
}

/**
 * Drafts a document of what is on the host and plans with it, as often as it takes for the plan to find nothing to do:
 * what it would change is left out and told. Writes nothing. Ends, since each round leaves something out.
 */
export async function settleDraft(host: Host, options: CompareOptions): Promise<SettledDraft> {
  const evaluations = openEvaluations(host, toolBuild);
  let actual = await scanActual(openDigests(host).host, { sources: [], prospects: () => [], evaluations });
  let entries = draftDesired(actual, options.filter);
  let unavoidable: readonly string[] = [];
  let before = "";
  for (;;) {
    const draft = write(entries, actual, unavoidable);
    if (draft.text === before || host.signal.aborted) return { ...draft, entries, unavoidable, actual };
    before = draft.text;
    const { desired, diagnostics } = parseDesired(draftName, draft.text);
    if (!desired) {
      const left = withoutFaulty(entries, draft.lines, diagnostics);
      if (left.every((entry, index) => entry === entries[index])) throw new Error(diagnostics[0]?.message);
      entries = left;
      continue;
    }
    const compared = await compare(host, desired, { ...options, evaluations, filter: noFilter });
    actual = compared.actual;
    const { diagnostics: found } = compared.plan;
    const narrowed = narrowDraft(withoutFaulty(entries, draft.lines, found), compared.plan);
    entries = narrowed.entries;
    unavoidable = [...narrowed.unavoidable, ...found.filter(isUnplaced).map(({ message }) => message)];
  }
}

const draftName = "the imported document";

interface Draft extends WrittenDocument {
  readonly modules: readonly ModuleShape[];
}

function write(entries: readonly DraftEntry[], actual: ActualState, unavoidable: readonly string[]): Draft {
  const modules = entries.map((entry) => toShape(entry, actual));
  const head = [
    "What was on this host when dkms-agent import wrote this.",
    ...(unavoidable.length === 0 ? ["With it, dkms-agent plan finds nothing to do."] : []),
    ...unavoidable.map((text) => `Still to be done, whatever stands here: ${text}.`),
  ];
  const written = entries.flatMap(({ remarks, isLeftOut }, index) => {
    const module = modules[index];
    return module ? [{ module, remarks, isComment: isLeftOut }] : [];
  });
  return { ...writeDesired(written, head), modules };
}

function toShape(entry: DraftEntry, actual: ActualState): ModuleShape {
  const { id, state, directives, isProtected } = entry;
  return {
    name: id.name,
    version: id.version,
    state,
    ...(state !== "added" && { kernels: [...draftSelectors(entry, actual)] }),
    // What was loaded from an archive is what is wanted, not what could be built instead.
    ...(isLoaded(actual, id) && { build: "never" }),
    ...(isProtected && { protect: "true" as const }),
    ...(Object.keys(directives).length > 0 && { directives: { ...directives } }),
  };
}

function isLoaded({ modules }: ActualState, id: DraftEntry["id"]): boolean {
  const module = modules.find((one) => moduleKey(one.id) === moduleKey(id));
  return module?.instances.some(({ record }) => record?.tarball) ?? false;
}

/** The entries of which an error speaks cannot stand in any document, or not beside another one. */
function withoutFaulty(
  entries: readonly DraftEntry[],
  lines: readonly number[],
  diagnostics: readonly Diagnostic[],
): readonly DraftEntry[] {
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  return errors.reduce((left, { range, message }) => {
    const index = lines.findLastIndex((line) => line <= (range?.line ?? 0));
    return left.map((entry, at) => (at === index && !entry.isLeftOut ? leaveOut(entry, message) : entry));
  }, entries);
}

/** An error of the host, about which no entry can do anything. */
function isUnplaced({ severity, range }: Diagnostic): boolean {
  return severity === "error" && range === undefined;
}

/** What the document does not say of the host: `module: sentence`. */
export function untold({ entries, unavoidable }: SettledDraft): readonly string[] {
  return [
    ...entries.flatMap(({ id, remarks }) => remarks.map((remark) => `${moduleKey(id)}: ${remark}`)),
    ...unavoidable,
  ];
}
