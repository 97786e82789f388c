import { randomBytes } from "node:crypto";
import path from "node:path";
import type { Files } from "../../host/files.ts";
import { linkOrCopy } from "../../host/link-or-copy.ts";
import { temporaryPrefix } from "../../host/local-files.ts";
import type { Undo } from "./verb.ts";

/**
 * File operations that can be taken back until they are committed. What they replace or remove stays beside its place
 * under a hidden name, so that both directions are renames within one directory: nothing can run out of space, and
 * neither the old nor the new file is ever gone for a moment.
 */
export interface FileChanges {
  readonly makeDirectory: (directory: string) => void;
  /** Lets a file or directory be made under a hidden name in `directory`, to be put in its place later; that name. */
  readonly stage: (directory: string, create: (staged: string) => void) => string;
  /** Renames a staged file to its place, whatever file is there now. */
  readonly place: (staged: string, to: string) => void;
  /** Stages a small text and places it. */
  readonly write: (file: string, text: string) => void;
  /** Makes or replaces a symbolic link. */
  readonly link: (target: string, file: string) => void;
  /** Renames a file or directory to a place where nothing is. */
  readonly rename: (from: string, to: string) => void;
  /** Hides a file, a link or a directory, until the commit deletes it. */
  readonly moveAway: (place: string) => void;
  /** At the commit, removes `directory` and those above it as long as they are empty, and never `top` itself. */
  readonly prune: (directory: string, top: string) => void;
  readonly onRestore: (take: () => void) => void;
  readonly onCommit: (finish: () => void) => void;
  /** Who has heard of the changes, and must hear that they were taken back. */
  readonly afterRestore: (tell: Tell) => void;
  readonly undo: Required<Undo>;
}

/** Tells a program of the distribution; what there is to say. */
type Tell = NonNullable<Undo["afterRestore"]>;

/** `label` goes into the hidden names, so that {@link hiddenPattern} finds what a killed run left behind. */
export function recordChanges(files: Files, label: string): FileChanges {
  const restores: (() => void)[] = [];
  const commits: (() => void)[] = [];
  const tells: Tell[] = [];
  const log: ChangeLog = {
    files,
    hide: (directory) => path.join(directory, `${temporaryPrefix}${label}.${randomBytes(6).toString("hex")}`),
    onRestore: (take) => restores.push(take),
    onCommit: (finish) => commits.push(finish),
  };
  return {
    makeDirectory: (directory) => makeDirectory(log, directory),
    stage: (directory, create) => stage(log, directory, create),
    place: (staged, to) => place(log, staged, to),
    write: (file, text) => {
      const staged = stage(log, path.dirname(file), (hidden) => files.writeAtomic(hidden, text));
      place(log, staged, file);
    },
    link: (target, file) => link(log, target, file),
    rename: (from, to) => rename(log, from, to),
    moveAway: (file) => moveAway(log, file),
    prune: (directory, top) => log.onCommit(() => removeEmpty(files, directory, top)),
    onRestore: log.onRestore,
    onCommit: log.onCommit,
    afterRestore: (tell) => tells.push(tell),
    undo: {
      restore: () => runAll(restores.toReversed()),
      afterRestore: async () => {
        const said: string[] = [];
        for (const tell of tells.toReversed()) said.push(...(await tell()));
        return said;
      },
      commit: () => runAll(commits),
    },
  };
}

/** The hidden names of one label, and those that a write leaves behind when it is killed. */
export function hiddenPattern(label: string): RegExp {
  return new RegExp(`^${escapePattern(temporaryPrefix)}(${escapePattern(label)}\\.)?[0-9a-f]{12}$`);
}

/** The inverse: the label in a hidden name; `undefined` if the name is something else. */
export function hiddenLabel(name: string): string | undefined {
  if (!name.startsWith(temporaryPrefix)) return undefined;
  return /^(.+)\.[0-9a-f]{12}$/.exec(name.slice(temporaryPrefix.length))?.[1];
}

interface ChangeLog {
  readonly files: Files;
  /** A free hidden name in a directory. */
  readonly hide: (directory: string) => string;
  readonly onRestore: (take: () => void) => void;
  readonly onCommit: (finish: () => void) => void;
}

function makeDirectory({ files, onRestore }: ChangeLog, directory: string): void {
  if (files.stat(directory)?.kind === "directory") return;
  let top = directory;
  while (files.lstat(path.dirname(top)) === undefined) top = path.dirname(top);
  onRestore(() => removeEmpty(files, directory, path.dirname(top)));
  files.makeDirectory(directory);
}

function stage({ files, hide, onRestore }: ChangeLog, directory: string, create: (staged: string) => void): string {
  const staged = hide(directory);
  onRestore(() => files.remove(staged));
  create(staged);
  return staged;
}

/** Noted before it is tried, everywhere here: a disk can refuse the second half of what was done. */
function rename({ files, onRestore }: ChangeLog, from: string, to: string): void {
  onRestore(() => {
    if (files.lstat(from) === undefined) files.rename(to, from);
  });
  files.rename(from, to);
}

function place({ files, hide, onRestore, onCommit }: ChangeLog, staged: string, to: string): void {
  if (files.lstat(to) === undefined) {
    onRestore(() => files.remove(to));
    files.rename(staged, to);
    return;
  }
  const backup = hide(path.dirname(to));
  onRestore(() => files.remove(backup));
  // A file system without hard links gets a copy: the name itself must not be away for a moment.
  linkOrCopy(files, to, backup);
  // Two names of one file are left alone by rename(2): then nothing has happened yet.
  onRestore(() => files.rename(backup, to));
  files.rename(staged, to);
  onCommit(() => files.remove(backup));
}

function link({ files, hide, onRestore, onCommit }: ChangeLog, target: string, file: string): void {
  const before = files.readLink(file);
  if (before === undefined) onRestore(() => files.remove(file));
  else {
    const backup = hide(path.dirname(file));
    onRestore(() => files.remove(backup));
    files.symlinkAtomic(before, backup);
    onRestore(() => files.rename(backup, file));
    onCommit(() => files.remove(backup));
  }
  files.symlinkAtomic(target, file);
}

function moveAway(log: ChangeLog, place: string): void {
  const hidden = log.hide(path.dirname(place));
  rename(log, place, hidden);
  log.onCommit(() => log.files.remove(hidden));
}

/** Removes `directory` and those above it as long as they are empty or gone, and never `top` itself. */
export function removeEmpty(files: Files, directory: string, top: string): void {
  const isBelowTop = directory.startsWith(`${top}/`);
  // Looked for first: a read-only file system refuses to remove also what is not there.
  if (isBelowTop && (files.lstat(directory) === undefined || files.removeIfEmpty(directory)))
    removeEmpty(files, path.dirname(directory), top);
}

/** One step that fails must not keep the others from being taken back; the first error is thrown in the end. */
function runAll(steps: readonly (() => void)[]): void {
  const errors: unknown[] = [];
  for (const step of steps) {
    try {
      step();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
