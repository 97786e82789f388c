import path from "node:path";
import { versionProblem } from "../dkms/id.ts";
import { sourceDirectory } from "../dkms/tree-layout.ts";
import { compareVersions } from "../dkms/version-order.ts";
import type { Host } from "../host/host.ts";

/**
 * The newest version of a module in the source tree, by what its dkms.conf says as plain text; `undefined` if there is
 * none, or the tree cannot be read.
 */
export function findNewestSource({ files, paths }: Pick<Host, "files" | "paths">, name: string): string | undefined {
  const names = entries(() => files.list(paths.sourceTree)?.map((entry) => entry.name));
  const versions = names
    .filter((one) => one.startsWith(`${name}-`))
    .map((one) => one.slice(name.length + 1))
    .filter((version) => versionProblem(version) === undefined)
    .filter((version) => {
      const conf = path.join(sourceDirectory(paths, { name, version }), "dkms.conf");
      return entries(() => files.readText(conf)?.split("\n")).some((line) => isNamed(line, name));
    });
  return versions.sort(compareVersions).at(-1);
}

/** evdi-utils-1.0 holds evdi-utils, not a version "utils-1.0" of evdi. */
function isNamed(line: string, name: string): boolean {
  return /^\s*PACKAGE_NAME=["']?([^"'\s#]+)/.exec(line)?.[1] === name;
}

/** Whatever cannot be read is told by who needs it. */
function entries(read: () => readonly string[] | undefined): readonly string[] {
  try {
    return read() ?? [];
  } catch {
    return [];
  }
}
