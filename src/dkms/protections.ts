import path from "node:path";
import type { Host } from "../host/host.ts";
import { type ModuleId, type ModuleKey, moduleKey, moduleProblem } from "./id.ts";
import { protectionFile, protectionsDirectory } from "./state-layout.ts";

/**
 * The modules that no plan may take away. Each is remembered by a file of its own, so that it stays protected when the
 * document that asked for it is gone. Throws what the file system throws.
 */
export function readProtected({ files, paths }: Pick<Host, "files" | "paths">): ReadonlySet<ModuleKey> {
  const directory = protectionsDirectory(paths);
  const names = (place: string) => (files.list(place) ?? []).map(({ name }) => name);
  const modules = names(directory).flatMap((name) =>
    names(path.join(directory, name)).map((version): ModuleId => ({ name, version })),
  );
  return new Set(modules.filter((module) => moduleProblem(module) === undefined).map(moduleKey));
}

/** Protects a module from now on. Throws what the file system throws. */
export function protectModule({ files, paths, clock }: Host, module: ModuleId): void {
  const file = protectionFile(paths, module);
  if (files.lstat(file) !== undefined) return;
  files.makeDirectory(path.dirname(file));
  files.writeAtomic(file, `${clock().toISOString()}\n`);
}

/** Lifts a module's protection. Throws what the file system throws. */
export function unprotectModule({ files, paths }: Host, module: ModuleId): void {
  const file = protectionFile(paths, module);
  files.remove(file);
  files.removeIfEmpty(path.dirname(file));
}
