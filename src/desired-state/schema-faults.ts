import type { core } from "zod/mini";
import { didYouMean } from "../dkms/did-you-mean.ts";
import type { Fault } from "./diagnostic.ts";
import { faultAt, type PlacedFault } from "./placed-fault.ts";
import { apiVersion, documentSchema, moduleSchema, tarballSchema } from "./schema.ts";
import { selectorKeys } from "./selector-schema.ts";
import { quote, type SourceText, type Span } from "./source-text.ts";
import { isFault } from "./text-field.ts";
import { entryAt, type Tree } from "./tree.ts";

type Issue = core.$ZodIssue;
type Path = readonly PropertyKey[];

/** What the schema has against a document, in our words and at the place in the text. */
export function schemaFaults(source: SourceText, tree: Tree, issues: readonly Issue[]): readonly PlacedFault[] {
  return issues.flatMap((issue) => faultsOf(tree, issue, []).map(({ span, fault }) => faultAt(source, span, fault)));
}

interface Spanned {
  readonly span: Span;
  readonly fault: Fault;
}

function faultsOf(tree: Tree, issue: Issue, above: Path): readonly Spanned[] {
  const path = [...above, ...issue.path];
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(tree, path, key));
  if (issue.code === "invalid_union") return unionFaults(tree, issue, path);
  if (issue.code === "invalid_key") {
    const span = entryAt(tree, path)?.key ?? tree.span;
    return issue.issues.map((inner) => ({ span, fault: faultOf(tree, inner, path) }));
  }
  if (entryAt(tree, path) === undefined) return [missingKey(tree, path)];
  return [{ span: spanAt(tree, path), fault: faultOf(tree, issue, path) }];
}

function faultOf(tree: Tree, issue: Issue, path: Path): Fault {
  const { fault } = issue.code === "custom" ? (issue.params ?? {}) : {};
  if (isFault(fault)) return fault;
  if (issue.code === "invalid_type") return wrongType(tree, path, [issue.expected]);
  if (issue.code === "invalid_value") return wrongValue(tree, path, issue.values.map(String));
  if (issue.code === "too_small") {
    const hint = "Leave the key out for the default, or name at least one.";
    return { code: "E_BAD_VALUE", message: `${labelOf(path)} is an empty list.`, hint };
  }
  return { code: "E_BAD_VALUE", message: `${labelOf(path)} is not valid: ${issue.message}.` };
}

/** Of the forms that a value may have, the one that it has is the one to complain about. */
function unionFaults(tree: Tree, issue: Extract<Issue, { code: "invalid_union" }>, path: Path): readonly Spanned[] {
  const meant = issue.errors.find((issues) => !issues.some((inner) => isTypeMismatch(inner)));
  if (meant) return meant.flatMap((inner) => faultsOf(tree, inner, path));
  const expected = issue.errors.flat().flatMap((inner) => (inner.code === "invalid_type" ? [inner.expected] : []));
  return [{ span: spanAt(tree, path), fault: wrongType(tree, path, expected) }];
}

function isTypeMismatch(issue: Issue): boolean {
  return issue.code === "invalid_type" && issue.path.length === 0;
}

const documentKeys = Object.keys(documentSchema.shape);
const moduleKeys = Object.keys(moduleSchema.shape);
const tarballKeys = Object.keys(tarballSchema.shape);

function unknownKey(tree: Tree, path: Path, key: string): Spanned {
  const span = entryAt(tree, [...path, key])?.key ?? tree.span;
  const [where, known] = keysAt(path);
  const hint =
    belongsElsewhere(key, known) ?? didYouMean(key, known) ?? `The keys of ${where} are ${known.join(", ")}.`;
  return { span, fault: { code: "E_UNKNOWN_KEY", message: `There is no key ${quote(key)} in ${where}.`, hint } };
}

function keysAt(path: Path): readonly [where: string, keys: readonly string[]] {
  if (path.length === 0) return ["a document", documentKeys];
  if (path.length === 2 && path[0] === "modules") return ["a module", moduleKeys];
  if (path.length === 4 && path[2] === "tarballs") return ["a tarball", tarballKeys];
  if (path.at(-1) === "not") return ["a negated selector", selectorKeys.filter((key) => key !== "not")];
  return ["a selector", selectorKeys];
}

function belongsElsewhere(key: string, known: readonly string[]): string | undefined {
  if (known !== moduleKeys && moduleKeys.includes(key))
    return "It belongs to an entry of modules, indented as deep as its name.";
  if (known !== documentKeys && documentKeys.includes(key))
    return "It belongs to the top of the document, without indentation.";
  return undefined;
}

function missingKey(tree: Tree, path: Path): Spanned {
  const parent = entryAt(tree, path.slice(0, -1))?.value ?? tree;
  const key = String(path.at(-1));
  const [where, keys] = keysAt(path.slice(0, -1));
  const message = `The key ${quote(key)} is missing in ${where}.`;
  return { span: beginningOf(parent), fault: { code: "E_MISSING_KEY", message, hint: hintOfMissing(key, keys) } };
}

function hintOfMissing(key: string, keys: readonly string[]): string {
  if (key === "apiVersion") return `Write "apiVersion: ${apiVersion}".`;
  if (keys === tarballKeys) return "Every tarball has a path and a sha256, which sha256sum FILE prints.";
  return "Every module has a name and a version.";
}

/** The first key of a mapping, rather than all its lines. */
function beginningOf(tree: Tree): Span {
  const first = tree.kind === "mapping" ? [...tree.entries.values()][0]?.key : undefined;
  return first ?? { start: tree.span.start, end: tree.span.start };
}

function wrongType(tree: Tree, path: Path, expected: readonly string[]): Fault {
  const found = entryAt(tree, path)?.value;
  const wanted = [...new Set(expected.map((type) => typeWords[type] ?? type))].join(" or ");
  const isText = found?.kind === "text";
  const is = isText && found.text === "" ? "is empty" : `is ${found ? kindWords[found.kind] : "missing"}`;
  const message = `${labelOf(path)} ${is}, where ${wanted} is expected.`;
  const hint = hintOfType(path, found, wanted);
  return { code: "E_WRONG_TYPE", message, ...(hint === undefined ? {} : { hint }) };
}

function hintOfType(path: Path, found: Tree | undefined, wanted: string): string | undefined {
  if (wanted === aList && found?.kind === "text") return `Write a list: [${found.text.slice(0, 40)}].`;
  if (wanted === aList && found?.kind === "mapping") return 'Begin each item with "- ".';
  if (path.length === 0) return 'Write keys, each followed by ": " and its value.';
  const isModule = path.length === 2 && path[0] === "modules";
  return isModule ? 'Write "- name: NAME", and "version: VERSION" in a line below it.' : undefined;
}

const aList = "a list";

const typeWords: Readonly<Record<string, string>> = {
  string: "text",
  array: aList,
  object: "a mapping",
  record: "a mapping",
};

const kindWords: Readonly<Record<Tree["kind"], string>> = { text: "text", list: aList, mapping: "a mapping" };

function wrongValue(tree: Tree, path: Path, values: readonly string[]): Fault {
  const found = entryAt(tree, path)?.value;
  if (found?.kind !== "text" || found.text === "") return wrongType(tree, path, ["string"]);
  const message = `${labelOf(path)} cannot be ${quote(found.text)}.`;
  const [only, ...others] = values;
  if (others.length === 0) return { code: "E_BAD_VALUE", message, hint: `This program reads only "${only}".` };
  const hint = didYouMean(found.text, values) ?? `It is one of ${values.join(", ")}.`;
  return { code: "E_BAD_VALUE", message, hint };
}

/** What begins a sentence about the value at a path. */
function labelOf(path: Path): string {
  const last = path.at(-1);
  if (last === undefined) return "The document";
  return typeof last === "number" ? `An item of ${quote(String(path.at(-2)))}` : quote(String(last));
}

/** A value that is not there is shown by its key. */
function spanAt(tree: Tree, path: Path): Span {
  const { key, value } = entryAt(tree, path) ?? {};
  const span = value?.span ?? tree.span;
  return span.end > span.start ? span : (key ?? span);
}
