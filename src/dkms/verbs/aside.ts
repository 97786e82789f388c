import path from "node:path";
import { temporaryPrefix } from "../../host/local-files.ts";
import type { InstanceId } from "../id.ts";

/** The label (see file-changes.ts) of whole instances that are moved aside: it tells whose they were. */
export function asideLabel({ module, kernel }: InstanceId): string {
  return `${module.name}.${kernel.arch}`;
}

/** The inverse: the architecture of an instance that was moved aside; `undefined` if the file is something else. */
export function asideArch(moduleName: string, file: string): string | undefined {
  const name = path.basename(file);
  const start = `${temporaryPrefix}${moduleName}.`;
  return name.startsWith(start) ? /^(.+)\.[0-9a-f]{12}$/.exec(name.slice(start.length))?.[1] : undefined;
}
