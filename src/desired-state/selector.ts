import { compileGlob } from "../dkms/compile-glob.ts";
import { compileRegex } from "../dkms/compile-regex.ts";
import { didYouMean } from "../dkms/did-you-mean.ts";
import type { Result } from "../dkms/failure.ts";
import { nameProblem } from "../dkms/id.ts";
import type { CompiledPattern } from "../dkms/text-pattern.ts";
import type { Bound, Selector } from "./desired-state.ts";
import type { Fault } from "./diagnostic.ts";
import { parseRange } from "./range.ts";
import { quote } from "./source-text.ts";

/** A selector as a document writes it. */
export type SelectorShape = string | (MatcherShape & { readonly not?: string | MatcherShape | undefined });

/** Exactly one of the keys is there. */
export interface MatcherShape {
  readonly match?: string | undefined;
  readonly regex?: string | undefined;
  readonly range?: string | undefined;
}

/** Selectors that are one word. */
export const selectorWords = ["running", "newest", "installed", "with-headers"] as const;

type Parsed = Result<Selector, Fault>;

/** What a document's selector means, or the first thing that is wrong with it. */
export function parseSelector(shape: SelectorShape): Parsed {
  if (typeof shape === "string") return parseSelectorText(shape);
  if (shape.not === undefined) return parseMatcher(shape);
  const inner = typeof shape.not === "string" ? parseNotText(shape.not) : parseMatcher(shape.not);
  return inner.ok ? { ok: true, value: { kind: "not", selector: inner.value } } : inner;
}

/** `running` and the like, or an exact release: digits, a dot, anything. */
export function parseSelectorText(text: string): Parsed {
  const word = selectorWords.find((known) => known === text);
  if (word) return { ok: true, value: { kind: word } };
  const fault = notARelease(text);
  return fault ? { ok: false, error: fault } : { ok: true, value: { kind: "exact", release: text } };
}

function notARelease(text: string): Fault | undefined {
  if (/^[<>=]/.test(text))
    return bad(`${quote(text)} is not a kernel release.`, `Write "range: '${text}'" for a range.`);
  if (/[*?[\]]/.test(text))
    return bad(`${quote(text)} is a pattern, not a kernel release.`, `Write 'match: "${text}"'.`);
  if (!/^\d+\./.test(text)) {
    const otherwise = `Write ${selectorWords.join(", ")}, or a release such as 6.1.0-56-amd64.`;
    return bad(`${quote(text)} selects no kernel.`, didYouMean(text, selectorWords) ?? otherwise);
  }
  return nameFault("kernel release", text);
}

/** A glob over kernel releases (see compile-glob.ts). */
export function parseGlob(text: string): Parsed {
  const fault = nameFault("pattern", text) ?? patternFault("pattern", text, compileGlob(text));
  return fault ? { ok: false, error: fault } : { ok: true, value: { kind: "match", glob: text } };
}

const longestRegex = 200;

/** A regular expression over kernel releases (see compile-regex.ts). */
export function parseRegex(text: string): Parsed {
  if (text === "") return refuse("The regular expression is empty.", 'Write "installed" for every kernel.');
  if (text.length > longestRegex) {
    return refuse(
      `The regular expression has more than ${longestRegex} characters.`,
      "Split it into several selectors.",
    );
  }
  const fault = patternFault("regular expression", text, compileRegex(text));
  return fault ? { ok: false, error: fault } : { ok: true, value: { kind: "regex", pattern: text } };
}

/** Bounds in kernel-version order, such as `>=6.12 <6.13`. */
export function parseRangeSelector(text: string): Parsed {
  const bounds: Result<readonly Bound[], Fault> = parseRange(text);
  return bounds.ok ? { ok: true, value: { kind: "range", bounds: bounds.value } } : bounds;
}

/** What `not` takes as text: a glob, or one of the selector words. */
export function parseNotText(text: string): Parsed {
  const looksLikeRelease = /^\d+\./.test(text) || /[*?[]/.test(text);
  return looksLikeRelease || text === "" ? parseGlob(text) : parseSelectorText(text);
}

function parseMatcher({ match, regex, range }: MatcherShape): Parsed {
  if (match !== undefined) return parseGlob(match);
  if (regex !== undefined) return parseRegex(regex);
  if (range !== undefined) return parseRangeSelector(range);
  return refuse("The selector is empty.", "Give one of match, regex, range, not.");
}

function nameFault(what: string, text: string): Fault | undefined {
  const problem = nameProblem(text);
  return problem === undefined ? undefined : { code: "E_BAD_VALUE", message: `The ${what} ${quote(text)} ${problem}.` };
}

function patternFault(what: string, text: string, compiled: CompiledPattern): Fault | undefined {
  if (compiled.ok) return undefined;
  const { message, hint } = compiled.error;
  return bad(`The ${what} ${quote(text)} is not usable: ${message}`, hint);
}

function refuse(message: string, hint: string): Parsed {
  return { ok: false, error: bad(message, hint) };
}

function bad(message: string, hint: string): Fault {
  return { code: "E_BAD_VALUE", message, hint };
}
