import path from "node:path";
import type { Host } from "../host/host.ts";
import { ifReadable } from "../host/system-error.ts";

/**
 * What tells this system from others: /etc/machine-id (machine-id(5)), below another root that root's own. `undefined` if
 * it has none yet, as images do, or if it cannot be read.
 */
export function readMachineId({ root, files }: Pick<Host, "root" | "files">): string | undefined {
  const id = ifReadable(() => files.readText(path.join(root, "etc/machine-id")))?.trim() ?? "";
  return /^[0-9a-f]{32}$/.test(id) ? id : undefined;
}
