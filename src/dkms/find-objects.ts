import path from "node:path";
import type { Host } from "../host/host.ts";
import { type ObjectTarget, objectTarget } from "./object-link.ts";
import { objectName } from "./object-name.ts";

/** A kernel object in a kernel's install tree. */
export interface FoundObject {
  /** Without `.ko` and what follows. */
  readonly name: string;
  readonly path: string;
  /** What it leads to, if it is a link. */
  readonly target?: ObjectTarget;
}

type Tree = Pick<Host, "root" | "files" | "paths">;

/** Object name -> every file of that name. */
export type ObjectIndex = ReadonlyMap<string, readonly FoundObject[]>;

/**
 * Every file below a kernel's directory that bears one of the names, whatever its compression, and every link into the
 * DKMS tree. Other links are nobody's object, and none to a directory is followed.
 */
export function findObjects(host: Tree, kernel: string, names: ReadonlySet<string>): readonly FoundObject[] {
  // Going through all of a kernel's directories takes time.
  if (names.size === 0) return [];
  return objectsBelow(host, kernel, { mayEnter: isInstallPlace, isWanted: (name) => names.has(name) });
}

/**
 * What {@link findObjects} finds, of all names at once. With `own`, of the kernel's own directory, kernel/, only these
 * directories below it are looked into: the whole of it takes longer than the rest of a scan.
 */
export function indexObjects(host: Tree, kernel: string, own?: ReadonlySet<string>): ObjectIndex {
  const index = new Map<string, FoundObject[]>();
  const kernelsOwn = path.join(kernel, "kernel");
  const among = [...(own ?? [])].filter((directory) => `${directory}/`.startsWith(`${kernelsOwn}/`));
  const mayEnter = (name: string) => isInstallPlace(name) && (own === undefined || name !== "kernel");
  const outside = objectsBelow(host, kernel, { mayEnter });
  const inside = among.flatMap((directory) => objectsBelow(host, directory, { mayEnter: () => false }));
  for (const found of [...outside, ...inside]) {
    const known = index.get(found.name);
    if (known) known.push(found);
    else index.set(found.name, [found]);
  }
  return index;
}

interface Search {
  /** Of the directories in the uppermost one; all below these are gone through. */
  readonly mayEnter?: (directory: string) => boolean;
  /** Of objects, by their names; default: all. */
  readonly isWanted?: (object: string) => boolean;
}

function objectsBelow(host: Tree, directory: string, { mayEnter, isWanted }: Search): FoundObject[] {
  const search = { ...(isWanted && { isWanted }) };
  return (host.files.list(directory) ?? []).flatMap(({ name, kind }) => {
    if (kind === "directory")
      return (mayEnter?.(name) ?? true) ? objectsBelow(host, path.join(directory, name), search) : [];
    const object = kind === "file" || kind === "link" ? objectName(name) : undefined;
    if (object === undefined || !(isWanted?.(object) ?? true)) return [];
    const place = path.join(directory, name);
    const target = kind === "link" ? objectTarget(host, place) : undefined;
    return kind === "link" && !target ? [] : [{ name: object, path: place, ...(target && { target }) }];
  });
}

/** On some distributions the headers lie in the kernel's directory itself; depmod does not look there either. */
function isInstallPlace(name: string): boolean {
  return name !== "build" && name !== "source";
}
