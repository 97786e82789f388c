import type { Result } from "../dkms/failure.ts";
import type { Bound } from "./desired-state.ts";
import type { Fault } from "./diagnostic.ts";
import { quote } from "./source-text.ts";

const operators: readonly Bound["operator"][] = [">=", "<=", ">", "<", "="];
const longestRange = 200;

/** Bounds separated by spaces, such as `>=6.12 <6.13`; all of them must hold. The order is that of kernel versions. */
export function parseRange(text: string): Result<readonly Bound[], Fault> {
  if (text.length > longestRange) return refuse(`The range has more than ${longestRange} characters.`);
  const parts = text
    .trim()
    .replace(/([<>=])\s+/g, "$1")
    .split(/[\s,]+/);
  const bounds: Bound[] = [];
  for (const part of parts) {
    const bound = parseBound(part);
    if (!bound.ok) return bound;
    bounds.push(bound.value);
  }
  return { ok: true, value: bounds };
}

function parseBound(part: string): Result<Bound, Fault> {
  const operator = operators.find((known) => part.startsWith(known));
  if (operator === undefined) return refuse(`${quote(part)} is not a bound of a range.`);
  const version = part.slice(operator.length);
  if (!/^\d[\w.+~-]*$/.test(version)) return refuse(`${quote(part)} compares with no kernel version.`);
  if (/\.x(\.|$)/i.test(version))
    return refuse(`${quote(version)} is a pattern; a range compares with whole versions.`);
  return { ok: true, value: { operator, version } };
}

function refuse(message: string): Result<never, Fault> {
  const hint = 'A range is made of >=, >, <=, < and = with a version behind each, for example ">=6.12 <6.13".';
  return { ok: false, error: { code: "E_BAD_VALUE", message, hint } };
}
