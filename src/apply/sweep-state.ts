import path from "node:path";
import { completePair, pairIn } from "../dkms/signing/complete-pair.ts";
import { depmodRecords, initramfsRecords, privateBuildsDirectory } from "../dkms/state-layout.ts";
import type { Host } from "../host/host.ts";
import { temporaryPrefix } from "../host/local-files.ts";

/**
 * Removes the temporary files that killed runs have left among what this program keeps for itself, and beside the
 * signing keys, and what is recorded of kernels that are gone. Under the lock they are nobody's. No step of a plan:
 * nothing that anybody asked for depends on them.
 */
export function sweepState({ files, paths }: Host): void {
  completePair({ files }, pairIn(paths.dkmsTree));
  for (const { name } of files.list(paths.dkmsTree) ?? [])
    if (strayKey.test(name)) files.remove(path.join(paths.dkmsTree, name));
  const builds = privateBuildsDirectory(paths);
  if (files.lstat(builds) !== undefined) files.remove(builds);
  clear(files, paths.state);
  for (const records of [initramfsRecords(paths), depmodRecords(paths)])
    for (const { name } of files.list(records) ?? [])
      if (files.stat(path.join(paths.installTree, name)) === undefined) files.remove(path.join(records, name));
}

/** A key that was being written or made: see dkms/signing/complete-pair.ts. */
const strayKey = /^\.dkms-agent-([0-9a-f]{12}|key-[^.]{6})$/;

function clear(files: Host["files"], directory: string): void {
  for (const { name, kind } of files.list(directory) ?? []) {
    const place = path.join(directory, name);
    if (name.startsWith(temporaryPrefix)) files.remove(place);
    else if (kind === "directory") clear(files, place);
  }
}
