import path from "node:path";
import type { Host } from "../host/host.ts";
import { type Failure, fail } from "./failure.ts";
import type { ModuleId } from "./id.ts";
import { sourceDirectory } from "./tree-layout.ts";

/**
 * Why a directory cannot be copied to a module's place in the source tree: one of the two lies within the other, so that
 * the copy would take the original away or never end. `undefined` if it can, also if both are the same. Throws what the
 * file system throws.
 */
export function sourceOverlap({ files, paths }: Host, module: ModuleId, source: string): Failure | undefined {
  const from = files.realPath(source) ?? source;
  const tree = files.realPath(paths.sourceTree) ?? paths.sourceTree;
  const place = sourceDirectory(paths, module);
  const to = files.realPath(place) ?? path.join(tree, path.basename(place));
  if (from === to) return undefined;
  const isWithin = (inner: string, outer: string) => inner === outer || inner.startsWith(`${outer}/`);
  if (!isWithin(from, to) && !isWithin(tree, from) && !isWithin(to, from)) return undefined;
  return fail(
    "E_NO_SOURCE",
    `The source ${source} and its place in the source tree, ${place}, lie within each other.`,
    {
      path: source,
      remedy: "Keep the source in a directory of its own outside of the source tree.",
      dkmsExit: 2,
    },
  ).error;
}
