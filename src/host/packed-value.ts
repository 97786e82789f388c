import { deserialize, serialize } from "node:v8";

/** A plain value as bytes, Maps, Sets, Dates and typed arrays included, for the same version of this program. */
export function packValue(value: unknown): Uint8Array {
  return serialize(value);
}

/** What was packed; `undefined` if it is something else. */
export function unpackValue(bytes: Uint8Array): unknown {
  try {
    return deserialize(bytes);
  } catch {
    return undefined;
  }
}
