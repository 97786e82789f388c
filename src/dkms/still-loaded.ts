import type { Host } from "../host/host.ts";
import type { KernelId } from "./id.ts";
import { fieldsOf, parseJson, textsOf } from "./json-fields.ts";
import { kernelNameOf } from "./loaded-name.ts";
import { type LoadedObject, readLoaded } from "./read-loaded.ts";
import { stillLoadedFile } from "./state-layout.ts";

/** What was taken away from the running kernel while it was loaded: the object's loaded name -> what it was. */
export type StillLoaded = ReadonlyMap<string, LeftLoaded>;

export interface LeftLoaded extends LoadedObject {
  /** The name of the module that it is of. */
  readonly module: string;
}

/** As far as anybody has noted it; nothing, if nobody can read that. Throws what the file system throws. */
export function readStillLoaded({ files, paths }: Pick<Host, "files" | "paths">): StillLoaded {
  const text = files.readText(stillLoadedFile(paths));
  const objects = text === undefined ? undefined : fieldsOf(parseJson(text));
  const known = [...(objects ?? [])].flatMap(([name, value]): [string, LeftLoaded][] => {
    const fields = textsOf(value);
    const module = fields?.get("module");
    if (!fields || module === undefined) return [];
    return [[name, { module, srcversion: fields.get("srcversion"), buildId: fields.get("buildId") }]];
  });
  return new Map(known);
}

/**
 * Notes which of a module's object files, which are about to be taken away from a kernel, are loaded: when they are gone,
 * nothing else tells whose they were. Answers with what takes the note back. Throws what the file system throws.
 */
export function noteStillLoaded(
  host: Host,
  { name: module, kernel }: { readonly name: string; readonly kernel: KernelId },
  objects: readonly string[],
): () => void {
  if (kernel.release !== host.machine.runningKernel) return () => {};
  const loaded = readLoaded(host);
  const names = objects.map(kernelNameOf);
  const left = names.flatMap((name): [string, LeftLoaded][] => {
    const object = loaded.get(name);
    return object ? [[name, { ...object, module }]] : [];
  });
  if (left.length === 0) return () => {};
  const before = readStillLoaded(host);
  const still = [...before].filter(([name]) => loaded.has(name));
  write(host, new Map([...still, ...left]));
  return () => write(host, before);
}

function write({ files, paths }: Host, objects: StillLoaded): void {
  files.makeDirectory(paths.state);
  files.writeAtomic(stillLoadedFile(paths), `${JSON.stringify(Object.fromEntries(objects))}\n`);
}
