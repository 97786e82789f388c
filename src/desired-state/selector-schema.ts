import * as z from "zod/mini";
import type { Fault } from "./diagnostic.ts";
import {
  parseGlob,
  parseNotText,
  parseRangeSelector,
  parseRegex,
  parseSelectorText,
  selectorWords,
} from "./selector.ts";
import { errorOf, text } from "./text-field.ts";

const matcherShape = {
  match: z.optional(
    text(errorOf(parseGlob), {
      description: "A glob over kernel releases: * for anything, ? for one character, [...] for one of several.",
      examples: ["6.1.*-amd64", "*-rt-*"],
    }),
  ),
  regex: z.optional(
    text(errorOf(parseRegex), {
      description:
        "A regular expression over kernel releases: JavaScript's syntax without look-around and back references, at most 200 characters.",
      examples: ["^6\\.(1|12)\\."],
      maxLength: 200,
    }),
  ),
  range: z.optional(
    text(errorOf(parseRangeSelector), {
      description: "Bounds in kernel-version order, separated by spaces; all of them must hold.",
      examples: [">=6.12 <6.13"],
      pattern: "^\\s*(>=|<=|>|<|=)\\s*[0-9]",
    }),
  ),
};

/** The keys that a selector may have, one at a time. */
export const selectorKeys: readonly string[] = [...Object.keys(matcherShape), "not"];

function exactlyOneKey(value: object, names: string): Fault | undefined {
  if (Object.values(value).filter((part) => part !== undefined).length === 1) return undefined;
  return { code: "E_BAD_VALUE", message: `A selector has exactly one of ${names}.`, hint: "Make a list item of each." };
}

function oneKey<T extends object>(names: string, description: string) {
  const rule = z.check<T>(({ value, issues }) => {
    // An unknown key has been told already, and is likely the one that is missing here.
    const fault = issues.length > 0 ? undefined : exactlyOneKey(value, names);
    if (fault) issues.push({ code: "custom", input: value, message: fault.message, params: { fault } });
  });
  return [rule, z.meta<T>({ description, minProperties: 1, maxProperties: 1 })] as const;
}

const negated = z.union([
  text(errorOf(parseNotText), {
    description: "A glob over kernel releases, or one of the selector words.",
    examples: ["*-rt-*", "running"],
  }),
  z.strictObject(matcherShape).check(...oneKey("match, regex, range", "What is taken away.")),
]);

/** One item of `kernels`. */
export const selectorSchema = z.union([
  text(errorOf(parseSelectorText), {
    description: "running, newest, installed (has its own modules), with-headers, or an exact kernel release.",
    examples: [...selectorWords, "6.1.0-56-amd64"],
    anyOf: [{ enum: selectorWords }, { pattern: "^[0-9]+\\." }],
  }),
  z
    .strictObject({
      ...matcherShape,
      not: z.optional(
        negated.check(
          z.meta({
            description: "Takes away from what the other selectors of the list have chosen, wherever it stands.",
            examples: ["*-rt-*", { range: "<6.1" }],
          }),
        ),
      ),
    })
    .check(...oneKey("match, regex, range, not", "One rule that chooses kernels, or takes some away.")),
]);
