import path from "node:path";
import type { Host } from "../host/host.ts";

/** What an installed object that is a link leads to: an object of the DKMS tree (dkms --symlink-modules). */
export interface ObjectTarget {
  /** Absolute; whether it is there or not. */
  readonly file: string;
  /** The package whose build it is, and for which `release/arch`: parts of the path, nothing more. */
  readonly packageName: string;
  readonly kernel: string;
}

type Tree = Pick<Host, "root" | "files" | "paths">;

/**
 * What a link leads to, if that is a build in the DKMS tree; `undefined` of files and of all other links. A link that was
 * made inside the root, by the machine that lives there, is read as that machine reads it. Throws what reading throws.
 */
export function objectTarget({ root, files, paths }: Tree, place: string): ObjectTarget | undefined {
  const text = files.readLink(place);
  if (text === undefined) return undefined;
  const seen = path.resolve(path.dirname(place), text);
  const candidates = [seen, path.join(root, seen), files.realPath(place) ?? seen];
  const trees = [paths.dkmsTree, files.realPath(paths.dkmsTree) ?? paths.dkmsTree];
  for (const tree of trees) {
    const file = candidates.find((candidate) => candidate.startsWith(`${tree}/`));
    if (file === undefined) continue;
    const [packageName = "", , release = "", arch = ""] = path.relative(tree, file).split("/");
    return { file, packageName, kernel: `${release}/${arch}` };
  }
  return undefined;
}

/** The file that holds the content of an installed object: itself, or what it links to in the DKMS tree. */
export function objectFile(host: Tree, place: string): string {
  return objectTarget(host, place)?.file ?? place;
}

/** Whether an installed object is a link, and to this very build. */
export function leadsTo(host: Tree, place: string, built: string): boolean {
  const { files } = host;
  const end = files.readLink(place) === undefined ? undefined : files.realPath(objectFile(host, place));
  return end !== undefined && end === files.realPath(built);
}

/**
 * The text of a link to a build: absolute, as dell/dkms writes it; under another root such that it leads there from both
 * sides.
 */
export function objectLinkText({ root, files }: Tree, place: string, built: string): string {
  const directory = path.dirname(place);
  return root === "/" ? built : path.relative(files.realPath(directory) ?? directory, built);
}
