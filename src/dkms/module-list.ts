import path from "node:path";
import type { Host } from "../host/host.ts";
import { objectName } from "./find-objects.ts";
import type { KernelId } from "./id.ts";
import { loadedName } from "./loaded-name.ts";
import { inside, kernelDirectory } from "./tree-layout.ts";

/** What depmod has written of a kernel: where modprobe looks. */
export interface ModuleList {
  /** modules.dep: below the kernel's directory, or absolute -> the objects that have to be loaded before it. */
  readonly dependencies: ReadonlyMap<string, readonly string[]>;
  /** Whether modules.dep.bin, which modprobe reads instead, names an object too. */
  readonly isIndexed: (object: string) => boolean;
  /** Whether a name, as the kernel has it, is of something that is built into the kernel. */
  readonly isBuiltIn: (name: string) => boolean;
}

/** `undefined` where depmod has never been: modules.dep is absent. Throws what the file system throws. */
export function readModuleList(
  { files, paths }: Pick<Host, "files" | "paths">,
  kernel: KernelId,
): ModuleList | undefined {
  const directory = kernelDirectory(paths, kernel.release);
  const text = files.readText(inside(directory, "modules.dep"));
  if (text === undefined) return undefined;
  const index = Buffer.from(files.readBytes(inside(directory, "modules.dep.bin")) ?? []);
  let builtIn: ReadonlySet<string> | undefined;
  return {
    dependencies: new Map(text.split("\n").flatMap(parseLine)),
    // Its values are the lines of modules.dep (depmod.c of kmod: output_deps_bin).
    isIndexed: (object) => index.includes(`${object}:`),
    isBuiltIn: (name) => {
      builtIn ??= namesIn(files.readText(inside(directory, "modules.builtin")) ?? "");
      return builtIn.has(name);
    },
  };
}

function parseLine(line: string): readonly (readonly [string, readonly string[]])[] {
  const colon = line.indexOf(":");
  if (colon < 0) return [];
  const needed = line.slice(colon + 1).trim();
  return [[line.slice(0, colon), needed === "" ? [] : needed.split(" ")]];
}

function namesIn(text: string): ReadonlySet<string> {
  return new Set(text.split("\n").map(kernelNameOf));
}

/** The name that the kernel has for the object of a file. */
export function kernelNameOf(file: string): string {
  const name = path.basename(file);
  return loadedName(objectName(name) ?? name);
}
