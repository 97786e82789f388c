import { didYouMean } from "../dkms/did-you-mean.ts";
import type { Fault } from "./diagnostic.ts";
import { quote } from "./source-text.ts";

/**
 * Why a text is no schedule as cron has them; `undefined` if it is: minute, hour, day of the month, month and day of the
 * week, or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`. Days of the month and of the week together are refused:
 * cron takes either of them, others both at once.
 */
export function scheduleFault(text: string): Fault | undefined {
  if (text.startsWith("@")) return nicknames.includes(text) ? undefined : refuse(text, didYouMean(text, nicknames));
  const words = text.split(/[ \t]+/);
  if (text.length > longest || words.length !== fields.length) {
    return refuse(text, `A schedule has five fields, ${fields.map(({ name }) => name).join(", ")}: "17 */4 * * *".`);
  }
  for (const [at, field] of fields.entries()) {
    const hint = fieldProblem(words[at] ?? "", field);
    if (hint !== undefined) return refuse(text, hint);
  }
  return dayProblem(text, words);
}

const longest = 200;

const nicknames = ["@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"];

interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  /** What may stand for the numbers from `least` on. */
  readonly names: readonly string[];
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const fields: readonly Field[] = [
  { name: "minute", least: 0, most: 59, names: [] },
  { name: "hour", least: 0, most: 23, names: [] },
  { name: "day of the month", least: 1, most: 31, names: [] },
  { name: "month", least: 1, most: 12, names: months },
  { name: "day of the week", least: 0, most: 7, names: weekdays },
];

function refuse(text: string, hint: string | undefined): Fault {
  const message = `${quote(text)} is not a schedule.`;
  return { code: "E_BAD_VALUE", message, ...(hint === undefined ? {} : { hint }) };
}

function fieldProblem(word: string, field: Field): string | undefined {
  const wrong = word.split(",").find((item) => !isItem(item, field));
  if (wrong === undefined) return undefined;
  const names = field.names.length > 0 ? `, ${field.names[0]} to ${field.names.at(-1)}` : "";
  return `The ${field.name} cannot be ${quote(wrong)}: write ${field.least} to ${field.most}${names}, a range 1-5, a list 1,3, a step */2, or *.`;
}

/** `*`, a value, or a range; a range and `*` may have a step. */
function isItem(item: string, field: Field): boolean {
  const [range = "", step, ...rest] = item.split("/");
  if (rest.length > 0 || (step !== undefined && !isStep(step, field))) return false;
  if (range === "*") return true;
  const ends = range.split("-").map((end) => numberOf(end, field));
  const [first, last] = ends;
  if (first === undefined || ends.length > 2 || ends.includes(undefined)) return false;
  return last === undefined ? step === undefined : first <= last;
}

function isStep(step: string, { most }: Field): boolean {
  return /^[1-9]\d?$/.test(step) && Number(step) <= most;
}

function numberOf(text: string, { least, most, names }: Field): number | undefined {
  const named = names.indexOf(text.toLowerCase());
  if (named >= 0) return named + least;
  return /^\d{1,2}$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : undefined;
}

/** The longest that each month can be. */
const monthDays = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function dayProblem(text: string, words: readonly string[]): Fault | undefined {
  const [, , day = "", month = "", weekday = ""] = words;
  const isFree = (word: string) => word.startsWith("*");
  if (!isFree(day) && !isFree(weekday)) {
    return refuse(text, "Give the day of the month or the day of the week, and * for the other.");
  }
  const isReal = day.split(",").some((item) => isFree(item) || monthsOf(month).some((one) => firstOf(item) <= one));
  return isReal ? undefined : refuse(text, "There is no such day in that month.");
}

/** How many days each of the months has. */
function monthsOf(word: string): readonly number[] {
  const [, , , field] = fields;
  if (!field || word.includes("*")) return monthDays;
  return word.split(",").flatMap((item) => {
    const [first = 1, last = first] = (item.split("/")[0] ?? "").split("-").map((end) => numberOf(end, field) ?? 1);
    return monthDays.slice(first - 1, last);
  });
}

function firstOf(item: string): number {
  return Number(/^\d+/.exec(item)?.[0] ?? 0);
}
