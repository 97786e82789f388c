import { existsSync, readdirSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";
import { cachedParts } from "./cached-parts.ts";

/** A kernel that modules can be built for on this machine. */
export interface HeadersOfKernel {
  readonly release: string;
  /** The headers' own directory, all links resolved: what `/lib/modules/<release>/build` should point at. */
  readonly directory: string;
  /** The first two numbers, `6.1`. */
  readonly series: string;
  /** `amd64`, `rt-amd64`, `cloud-amd64`, `generic`, …: what follows the numbers of the release. */
  readonly flavour: string;
}

/** The kernels of the machine itself and those in the cache, oldest first. */
export function kernelsWithHeaders(): HeadersOfKernel[] {
  const installed = installedKernels().map((release) => ({
    release,
    directory: resolved(join("/lib/modules", release, "build")),
  }));
  const extracted = cachedParts("headers").map(({ directory }) => {
    const release = basename(directory);
    return { release, directory: join(directory, "usr/src", `linux-headers-${release}`) };
  });
  const usable = [...installed, ...extracted].filter(({ directory }) => existsSync(join(directory, "include")));
  return usable
    .filter(({ release }, index) => usable.findIndex((other) => other.release === release) === index)
    .map(({ release, directory }) => ({ release, directory, ...readRelease(release) }))
    .sort((a, b) => a.release.localeCompare(b.release, "en", { numeric: true }));
}

function installedKernels(): string[] {
  return existsSync("/lib/modules") ? readdirSync("/lib/modules") : [];
}

/** The kernels of the oldest series that has two of the usual flavour, newest first. */
export function usualKernels(): HeadersOfKernel[] {
  const usual = kernelsWithHeaders().filter(({ flavour }) => flavour === debianArch() || flavour === "generic");
  const series = usual.find((kernel) => usual.filter((other) => other.series === kernel.series).length > 1)?.series;
  return usual.filter((kernel) => kernel.series === series).reverse();
}

function readRelease(release: string): { series: string; flavour: string } {
  return {
    series: /^\d+\.\d+/.exec(release)?.[0] ?? release,
    flavour: release.replace(/^[\d.]+(\+\w+)?(-\d+)?-?/, ""),
  };
}

export function debianArch(): string {
  const names: Readonly<Record<string, string>> = { x64: "amd64", ia32: "i386", arm: "armhf", ppc64: "ppc64el" };
  return names[process.arch] ?? process.arch;
}

function resolved(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
