import * as z from "zod/mini";
import type { Result } from "../dkms/failure.ts";
import type { Fault } from "./diagnostic.ts";

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

/** Whether something is a {@link Fault}: an issue's parameters are untyped. */
export function isFault(value: unknown): value is Fault {
  return typeof value === "object" && value !== null && "code" in value && "message" in value;
}
