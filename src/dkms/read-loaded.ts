import path from "node:path";
import type { Host } from "../host/host.ts";
import { ifReadable } from "../host/system-error.ts";
import { readBuildIdNote } from "./build-id-note.ts";

/** Kernel objects that are loaded, by the names that the kernel has for them: loaded-name.ts. */
export type LoadedObjects = ReadonlyMap<string, LoadedObject>;

/** What tells a loaded object from another build of it. */
export interface LoadedObject {
  /** `undefined` if the object has none. */
  readonly srcversion: string | undefined;
  /** Lower-case hexadecimal; `undefined` if the object has none, or for who is not root. */
  readonly buildId: string | undefined;
}

/**
 * What is loaded into the running kernel. What is built into it stands in the same place and is left out: it has no
 * initstate. Empty where no kernel runs (another root). Throws what the file system throws.
 */
export function readLoaded({ files, paths, machine }: Pick<Host, "files" | "paths" | "machine">): LoadedObjects {
  const found = new Map<string, LoadedObject>();
  if (machine.runningKernel === undefined) return found;
  for (const { name } of files.list(paths.loaded) ?? []) {
    const directory = path.join(paths.loaded, name);
    if (files.stat(path.join(directory, "initstate")) === undefined) continue;
    // Only root may read the notes.
    const note = ifReadable(() => files.readBytes(path.join(directory, "notes/.note.gnu.build-id")));
    found.set(name, {
      srcversion: files.readText(path.join(directory, "srcversion"))?.trim(),
      buildId: note && readBuildIdNote(note, nativeLittleEndian),
    });
  }
  return found;
}

const nativeLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
