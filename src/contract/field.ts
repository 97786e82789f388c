import * as z from "zod/mini";

/** A field of any type, with what it means. */
export function field<T extends z.core.$ZodType>(type: T, description: string): T {
  z.globalRegistry.add(type, { description });
  return type;
}

/** Text. */
export function text(description: string) {
  return field(z.string(), description);
}

/** Text, or null where there is none. */
export function textOrNull(description: string) {
  return field(z.nullable(z.string()), description);
}

/** Yes or no. */
export function flag(description: string) {
  return field(z.boolean(), description);
}

/** A whole number, zero or more. */
export function count(description: string) {
  return field(z.int().check(z.nonnegative()), description);
}

/** A list, possibly empty. */
export function list<T extends z.core.$ZodType>(item: T, description: string) {
  return field(z.readonly(z.array(item)), description);
}

/** A shape that several documents share; `name` is what the JSON schemas call it. */
export function shared<T extends z.core.$ZodType>(name: string, type: T, description: string): T {
  z.globalRegistry.add(type, { id: name, description });
  return type;
}

/** A point in time. */
export function time(description: string) {
  return field(z.string().check(z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)), `${description} (ISO 8601, UTC)`);
}
