import path from "node:path";
import type { InstanceId } from "../id.ts";
import { hiddenLabel } from "./file-changes.ts";

/** The label (see file-changes.ts) of whole instances that are moved aside: it tells whose they were. */
export function asideLabel({ module, kernel }: InstanceId): string {
  return `${module.name}.${kernel.arch}`;
}

/** The inverse: the architecture of an instance that was moved aside; `undefined` if the file is something else. */
export function asideArch(moduleName: string, file: string): string | undefined {
  const label = hiddenLabel(path.basename(file));
  return label?.startsWith(`${moduleName}.`) ? label.slice(moduleName.length + 1) || undefined : undefined;
}
