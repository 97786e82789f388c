import type { Host } from "../host/host.ts";
import type { Kernel } from "./kernel.ts";

/** The kernel's configuration: `CONFIG_X` to its value, without the quotes around text. Unset options are not there. */
export type KernelConfig = Pick<ReadonlyMap<string, string>, "get" | "size">;

/** The configuration of a kernel; empty if there is none, or no headers. Throws only what reading throws. */
export function readKernelConfig(host: Pick<Host, "files">, kernel: Kernel): KernelConfig {
  const file = kernel.headers && kernelConfigFile(host, kernel);
  return parseKernelConfig((file && host.files.readText(file)) ?? "");
}

/** Where the configuration of a kernel is, or would be. */
export function kernelConfigFile({ files }: Pick<Host, "files">, { config, headers, directory }: Kernel): string {
  if (config !== undefined) return config;
  const places = kernelConfigPlaces.map((place) => `${headers?.directory ?? `${directory}/build`}/${place}`);
  return places.find((place) => files.stat(place)) ?? places.at(-1) ?? "";
}

/** Below the headers; the first that is there counts. */
const kernelConfigPlaces = ["include/config/auto.conf", ".config"] as const;

/** The lines `CONFIG_X=value` of a kernel configuration: ten thousand of them, of which hardly anybody asks for three. */
export function parseKernelConfig(text: string): KernelConfig {
  const lines = `\n${text}`;
  return {
    get size() {
      return text.match(/^CONFIG_\w+=/gm)?.length ?? 0;
    },
    get: (name) => {
      const start = /^CONFIG_\w+$/.test(name) ? lines.indexOf(`\n${name}=`) : -1;
      if (start < 0) return undefined;
      const [line = ""] = lines.slice(start + 1, start + 1 + longest).split(/[\r\n]/, 1);
      return unquote(line.slice(name.length + 1));
    },
  };
}

/** Of a line; CONFIG_LSM and the like are lists of names. */
const longest = 4096;

function unquote(value: string): string {
  return /^".*"$/.test(value) ? value.slice(1, -1).replace(/\\(["\\])/g, "$1") : value;
}
