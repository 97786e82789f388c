import path from "node:path";
import type { DesiredModule, Selector, SourcePlace, Unlisted } from "./desired-state.ts";
import { parseDuration } from "./duration.ts";
import { checkModule, choosesNothing, onlyNegationsFault } from "./module-rules.ts";
import { parseYaml } from "./parse-yaml.ts";
import { type Checked, faultAt, type PlacedFault, rangeAt } from "./placed-fault.ts";
import { type DocumentShape, documentSchema, type ModuleShape, moduleSchema } from "./schema.ts";
import { schemaFaults } from "./schema-faults.ts";
import { parseSelector } from "./selector.ts";
import { positionAt, type SourceText, type Span } from "./source-text.ts";
import { checkedAlready } from "./text-field.ts";
import { entryAt, type Tree, toPlain } from "./tree.ts";

/** One document, checked by itself; what the documents say together is not looked at yet. */
export interface ParsedDocument {
  readonly source: SourceText;
  readonly kernels: (Placed<readonly Selector[]> & { readonly places: readonly SourcePlace[] }) | undefined;
  readonly unlisted: Placed<Unlisted> | undefined;
  /** `undefined` if the document has no key `modules`. */
  readonly modules: readonly Placed<DraftModule>[] | undefined;
}

/** A value and where its document says it. */
export interface Placed<T> {
  readonly value: T;
  readonly source: SourceText;
  readonly span: Span;
}

/** A module that may still have to take the kernels that all modules share. */
export type DraftModule = Omit<DesiredModule, "kernels"> & { readonly kernels: readonly Selector[] | undefined };

/** With the number of words and marks that the document has. */
export interface CheckedDocument extends Checked<ParsedDocument> {
  readonly tokens: number;
}

/** One document's text as values, or every problem in it. What is usable comes along even with errors elsewhere. */
export function parseDocument(source: SourceText, tokenLimit: number): CheckedDocument {
  const { value: tree, faults: syntax, tokens } = parseYaml(source, tokenLimit);
  if (!tree) return { value: undefined, faults: syntax, tokens };
  const checked = documentSchema.safeParse(toPlain(tree));
  const issues = checked.success ? [] : schemaFaults(source, tree, checked.error.issues);
  const modules = moduleEntries(tree, checked.data).map((entry) => ({ ...entry, source }));
  const rules = [...documentRules({ source, tree, shape: checked.data }), ...modules.flatMap(brokenRules)];
  // What a duplicate key or an alias left behind is no news.
  const told = new Set(syntax.map(placeKey));
  const fresh = [...issues, ...rules].filter((later) => !told.has(placeKey(later)));
  return { value: assemble({ source, tree, shape: checked.data }, modules), faults: [...syntax, ...fresh], tokens };
}

interface Entry {
  readonly shape: ModuleShape;
  readonly tree: Tree;
}

interface PlacedEntry extends Entry {
  readonly source: SourceText;
}

/** The entries that fit the schema; if the whole document does not, each is asked by itself. */
function moduleEntries(tree: Tree, shape: DocumentShape | undefined): readonly Entry[] {
  const list = entryAt(tree, ["modules"])?.value;
  if (list?.kind !== "list") return [];
  return list.items.flatMap((item, index) => {
    const fitting = shape?.modules?.[index] ?? moduleSchema.safeParse(toPlain(item)).data;
    return fitting ? [{ shape: fitting, tree: item }] : [];
  });
}

interface WholeDocument {
  readonly source: SourceText;
  readonly tree: Tree;
  readonly shape: DocumentShape | undefined;
}

function documentRules({ source, tree, shape }: WholeDocument): readonly PlacedFault[] {
  if (!choosesNothing(shape?.kernels)) return [];
  return [faultAt(source, keySpan(tree, ["kernels"]), onlyNegationsFault)];
}

function brokenRules({ source, tree, shape }: PlacedEntry): readonly PlacedFault[] {
  return checkModule(shape).map(({ path: keys, fault }) => faultAt(source, keySpan(tree, keys), fault));
}

function placeKey({ at }: PlacedFault): number {
  return at?.span.start ?? -1;
}

function assemble({ source, tree, shape }: WholeDocument, entries: readonly PlacedEntry[]): ParsedDocument {
  const placed = <T>(key: string, value: T): Placed<T> => ({ value, source, span: keySpan(tree, [key]) });
  return {
    source,
    kernels: shape?.kernels && {
      ...placed("kernels", shape.kernels.map(selectorOf)),
      places: kernelPlaces(source, tree),
    },
    unlisted: shape?.unlisted && placed("unlisted", shape.unlisted),
    modules: entryAt(tree, ["modules"]) && entries.map(placedModule),
  };
}

function placedModule(entry: PlacedEntry): Placed<DraftModule> {
  return { value: draftOf(entry), source: entry.source, span: spanOf(entry.tree, ["name"]) };
}

function draftOf({ shape, source, tree }: PlacedEntry): DraftModule {
  const position = { file: source.file, ...positionAt(source, tree.span.start) };
  return {
    name: shape.name,
    version: shape.version,
    state: shape.state ?? "installed",
    source: shape.source === undefined ? undefined : path.resolve(path.dirname(source.file), shape.source),
    kernels: shape.kernels?.map(selectorOf),
    directives: shape.directives ?? {},
    timeoutMs: shape.timeout === undefined ? undefined : checkedAlready(parseDuration(shape.timeout)),
    build: shape.build ?? "auto",
    protect: shape.protect === "true",
    initramfs: shape.initramfs === "true",
    tarballs: (shape.tarballs ?? []).map((tarball) => ({
      path: path.resolve(path.dirname(source.file), tarball.path),
      sha256: tarball.sha256.toLowerCase(),
    })),
    position,
    places: { version: placeAt(source, spanOf(tree, ["version"])), kernels: kernelPlaces(source, tree) },
  };
}

/** Of a selector that is a mapping, what stands in it: a block has no end that could be underlined. */
function kernelPlaces(source: SourceText, tree: Tree): readonly SourcePlace[] {
  const list = entryAt(tree, ["kernels"])?.value;
  if (list?.kind !== "list") return [];
  return list.items.map((item) => {
    const [entry] = item.kind === "mapping" ? item.entries.values() : [];
    return placeAt(source, entry ? { start: entry.key.start, end: entry.value.span.end } : item.span);
  });
}

function placeAt(source: SourceText, span: Span): SourcePlace {
  return { file: source.file, range: rangeAt(source, span) };
}

function selectorOf(shape: NonNullable<ModuleShape["kernels"]>[number]): Selector {
  return checkedAlready(parseSelector(shape));
}

/** A list item has no key: then it is the item itself. */
function keySpan(tree: Tree, keys: readonly PropertyKey[]): Span {
  const { key, value } = entryAt(tree, keys) ?? {};
  return key ?? value?.span ?? tree.span;
}

function spanOf(tree: Tree, keys: readonly string[]): Span {
  return entryAt(tree, keys)?.value?.span ?? tree.span;
}
