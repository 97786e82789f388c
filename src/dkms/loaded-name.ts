import path from "node:path";
import { objectName } from "./object-name.ts";

/** The kernel's name for an object: it takes a hyphen and an underscore for the same. The suffix must be off already. */
export function loadedName(objectName: string): string {
  return objectName.replaceAll("-", "_");
}

/** The same of an object's file, compressed or not. */
export function kernelNameOf(file: string): string {
  const name = path.basename(file);
  return loadedName(objectName(name) ?? name);
}
