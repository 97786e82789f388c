import type { Host } from "../host/host.ts";
import type { Kernel } from "./kernel.ts";

/** The kernel's configuration: `CONFIG_X` to its value, without the quotes around text. Unset options are not there. */
export type KernelConfig = ReadonlyMap<string, string>;

/** The configuration of a kernel from its headers; empty without headers. Throws only what reading throws. */
export function readKernelConfig({ files }: Pick<Host, "files">, { headers }: Kernel): KernelConfig {
  if (!headers) return new Map();
  const text = kernelConfigPlaces.map((place) => files.readText(`${headers.directory}/${place}`));
  return parseKernelConfig(text.find((found) => found !== undefined) ?? "");
}

/** Below the headers; the first that is there counts (dkms-facts: make command). */
export const kernelConfigPlaces = ["include/config/auto.conf", ".config"] as const;

/** The lines `CONFIG_X=value` of a kernel configuration. */
export function parseKernelConfig(text: string): KernelConfig {
  const lines = text.matchAll(/^(CONFIG_\w+)=(.*)$/gm);
  return new Map(Array.from(lines, ([, name = "", value = ""]) => [name, unquote(value)]));
}

function unquote(value: string): string {
  return /^".*"$/.test(value) ? value.slice(1, -1).replace(/\\(["\\])/g, "$1") : value;
}
