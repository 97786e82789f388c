import { objectSuffixes } from "./kernel.ts";

/** The object's name without `.ko`, `.ko.xz`, …; `undefined` if the file is none. Pure. */
export function objectName(file: string): string | undefined {
  const suffix = objectSuffixes.find((suffix) => file.endsWith(suffix) && file.length > suffix.length);
  return suffix === undefined ? undefined : file.slice(0, -suffix.length);
}
