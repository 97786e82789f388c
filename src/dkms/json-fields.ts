/** The value of a JSON text; `undefined` if it is none, since nothing says who has written, or cut off, the file. Pure. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What stands in a JSON object, by name; `undefined` if the value is none. Pure. */
export function fieldsOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? new Map(Object.entries(value)) : undefined;
}

/** The texts of a JSON object, by name, without whatever else stands there; `undefined` if the value is none. Pure. */
export function textsOf(value: unknown): ReadonlyMap<string, string> | undefined {
  const fields = fieldsOf(value);
  return fields && new Map([...fields].flatMap(([name, one]) => (typeof one === "string" ? [[name, one]] : [])));
}
