import type { Host } from "../host/host.ts";
import type { SharedOptions } from "./shared-options.ts";

/** Whether nobody named documents and none are at the default place: no error where nothing needs them. */
export function hasNoDocuments(host: Host, { desired, desiredGiven }: SharedOptions): boolean {
  return !desiredGiven && desired.every((place) => isAbsent(host, place));
}

function isAbsent(host: Host, path: string): boolean {
  try {
    return host.files.stat(path) === undefined;
  } catch {
    // Whatever is wrong with the place, reading it will say so.
    return false;
  }
}
