import * as z from "zod/mini";
import type { Result } from "../dkms/failure.ts";
import type { Fault } from "./diagnostic.ts";
import { yesOrNoFault } from "./fields.ts";

/** Puts a field's own rule into the schema: the fault becomes an issue, told with all others. */
export function text(faultOf: (text: string) => Fault | undefined, about: Readonly<Record<string, unknown>>) {
  const rule = z.check<string>(({ value, issues }) => {
    const fault = faultOf(value);
    if (fault) issues.push({ code: "custom", input: value, message: fault.message, params: { fault } });
  });
  return z.string().check(rule, z.meta(about));
}

/** Makes a field rule of a parser. */
export const errorOf =
  (parse: (text: string) => Result<unknown, Fault>) =>
  (text: string): Fault | undefined => {
    const parsed = parse(text);
    return parsed.ok ? undefined : parsed.error;
  };

/** The value of a field whose rule was made of the same parser: a fault here would mean that the schema let it through. */
export function checkedAlready<T>(result: Result<T, Fault>): T {
  if (!result.ok) throw new Error(`the schema let through: ${result.error.message}`);
  return result.value;
}

/** A field that is yes or no, as YAML spells them. */
export function yesOrNo(description: string, { usual }: { readonly usual: boolean }) {
  const about = { examples: [!usual], default: usual, pattern: "^(true|false)$" };
  return text(yesOrNoFault, { description: `${description} Default: ${usual}.`, ...about });
}

/** Whether something is a {@link Fault}: an issue's parameters are untyped. */
export function isFault(value: unknown): value is Fault {
  return typeof value === "object" && value !== null && "code" in value && "message" in value;
}
