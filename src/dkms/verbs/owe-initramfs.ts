import type { Host } from "../../host/host.ts";
import type { InstanceId } from "../id.ts";
import { readInitramfsRecord, writeInitramfsRecord } from "../initramfs.ts";
import type { FileChanges } from "./file-changes.ts";

/**
 * Notes that objects of which the kernel's initramfs holds a copy are about to change, so that whoever is killed before it
 * is made again is made up for by the next run. Taken back with the change.
 */
export function oweInitramfs(host: Host, { module, kernel }: InstanceId, changes: FileChanges): void {
  const { modules } = readInitramfsRecord(host, kernel);
  const held = modules.get(module.name);
  if (held === undefined || held === "") return;
  const note = (digest: string) => {
    const now = readInitramfsRecord(host, kernel);
    writeInitramfsRecord(host, kernel, { ...now, modules: new Map(now.modules).set(module.name, digest) });
  };
  changes.onRestore(() => note(held));
  note("");
}
