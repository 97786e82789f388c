import fs from "node:fs";
import path from "node:path";
import type { Files } from "./files.ts";
import { syncDirectory } from "./sync-directory.ts";

export interface CopyTreeOptions {
  /** Forces everything to the disk before it returns: for what must survive a power cut, not for scratch space. */
  readonly durable: boolean;
  /** Names that are copied, at every depth; default: all. */
  readonly keep?: (name: string) => boolean;
}

/**
 * Copies a directory's content, with times and links as they are, into `to`, which is made if it is absent. The copy
 * belongs to whoever runs this, nobody else may write to it, and set-id bits are dropped. Devices, sockets and FIFOs are
 * left out. Throws what the file system throws, with `to` half filled: the caller removes it.
 */
export function copyTree(files: Files, from: string, to: string, options: CopyTreeOptions): void {
  files.makeDirectory(to);
  const keep = options.keep ?? (() => true);
  for (const { name, kind } of files.list(from) ?? []) {
    if (!keep(name)) continue;
    const source = path.join(from, name);
    const copy = path.join(to, name);
    if (kind === "directory") copyTree(files, source, copy, options);
    else if (kind === "link") fs.symlinkSync(fs.readlinkSync(source), copy);
    else if (kind === "file") copyOne(files, { source, copy, durable: options.durable });
  }
  const mode = files.stat(from)?.mode ?? 0o755;
  // Last, and never without our own right to write: the copy has to be removable.
  files.setMode(to, (mode & writeForOwnerOnly) | 0o700);
  if (options.durable) syncDirectory(to);
}

/** Without group's and others' right to write, and without set-id and sticky bits. */
const writeForOwnerOnly = 0o755;

function copyOne(files: Files, { source, copy, durable }: { source: string; copy: string; durable: boolean }): void {
  files.copyFile(source, copy, { durable });
  files.setMode(copy, fs.statSync(copy).mode & writeForOwnerOnly);
}
