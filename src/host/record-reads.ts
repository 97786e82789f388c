import type { FileReads, FileStat } from "./files.ts";
import type { Host } from "./host.ts";
import { isSettled } from "./settled.ts";

/** What was asked of a host, and how the places looked. Plain values. */
export interface ReadMarks {
  /** Places whose content, entries or attributes were read, links followed. */
  readonly followed: PlaceMarks;
  /** Places that were looked at themselves, be they links. */
  readonly unfollowed: PlaceMarks;
  readonly realPaths: ReadonlyMap<string, string | undefined>;
  readonly programs: ReadonlyMap<string, string | undefined>;
  /** What programs have printed, by their names. */
  readonly answers: ReadonlyMap<string, string>;
}

export interface PlaceMarks {
  readonly paths: readonly string[];
  /** {@link markSize} numbers of each place, in the order of the paths; not-a-number where nothing is. */
  readonly marks: Float64Array;
}

const markSize = 5;

export interface RecordedHost {
  readonly host: Host;
  /**
   * What was asked until now; `undefined` if the same might be answered otherwise by now although the places look the same:
   * something could not be read, a process was started (unless it is repeatable, or noted), or somebody looked at the
   * clock. `fresh`: something had changed a moment before, and could have changed once more without a trace.
   */
  readonly marks: () => ReadMarks | "fresh" | undefined;
}

/** A host that takes note of what it is asked. What lies below `unseen` is not noted, and nobody can count on it. */
export function recordReads(asked: Host, unseen: string): RecordedHost {
  const startedAt = asked.clock().getTime();
  const followed = new Map<string, FileStat | undefined>();
  const unfollowed = new Map<string, FileStat | undefined>();
  const realPaths = new Map<string, string | undefined>();
  const programs = new Map<string, string | undefined>();
  const answers = new Map<string, string>();
  const trust = openTrust(unseen);
  const { noting, spoiling } = trust;
  const { files } = asked;
  const following = <T>(read: (path: string, stat: FileStat | undefined) => T) => noting(followed, files.stat, read);
  // Each way to read is named, so that no new one goes without its note.
  const reads: FileReads = {
    list: following(files.list),
    stat: following((_, stat) => stat),
    lstat: noting(unfollowed, files.lstat, (_, stat) => stat),
    readText: following(files.readText),
    readEnds: spoiling(files.readEnds),
    readBytes: following(files.readBytes),
    readLink: noting(unfollowed, files.lstat, files.readLink),
    realPath: noting(realPaths, files.realPath, (_, real) => real),
    sha256: following(files.sha256),
    sameContent: spoiling(files.sameContent),
  };
  const host: Host = {
    ...asked,
    files: { ...files, ...reads },
    findProgram: noting(programs, asked.findProgram, (_, program) => program),
    run: async (command) => {
      if (!command.isNoted && !command.isRepeatable) trust.spoil();
      const result = await asked.run(command);
      if (command.isNoted) answers.set(command.file, result.stdout);
      return result;
    },
    clock: spoiling(asked.clock),
  };
  const areSettled = (stats: Iterable<FileStat | undefined>) =>
    [...stats].every((stat) => stat === undefined || isSettled(stat, startedAt));
  const marks = () => {
    if (trust.isSpoilt()) return undefined;
    if (!areSettled(followed.values()) || !areSettled(unfollowed.values())) return "fresh";
    return { followed: marksOf(followed), unfollowed: marksOf(unfollowed), realPaths, programs, answers };
  };
  return { host, marks };
}

/** Whether the notes hold all that the answers depend on. */
interface Trust {
  readonly isSpoilt: () => boolean;
  readonly spoil: () => void;
  /** A question of which no note is taken. */
  readonly spoiling: <A extends readonly unknown[], T>(ask: (...args: A) => T) => (...args: A) => T;
  /** One of which there is: `known` gets how the place looks at first. An answer that throws spoils. */
  readonly noting: <T, N>(
    known: Map<string, N>,
    look: (path: string) => N,
    read: (path: string, looked: N) => T,
  ) => (path: string) => T;
}

function openTrust(unseen: string): Trust {
  let isRepeatable = true;
  const spoil = () => {
    isRepeatable = false;
  };
  return {
    isSpoilt: () => !isRepeatable,
    spoil,
    spoiling: (ask) => {
      return (...args) => {
        spoil();
        return ask(...args);
      };
    },
    noting: (known, look, read) => {
      return (path) => {
        if (path.startsWith(`${unseen}/`) || path === unseen) return read(path, look(path));
        const trusted = isRepeatable;
        isRepeatable = false;
        // Before the answer is sought: a change meanwhile must not look as if it had been seen.
        const looked = look(path);
        const answer = read(path, looked);
        isRepeatable = trusted;
        if (!known.has(path)) known.set(path, looked);
        return answer;
      };
    },
  };
}

/** Whether whoever asked the same now would be answered the same. What cannot be read is not the same. */
export function areSame(
  { files, findProgram }: { readonly files: FileReads; readonly findProgram: Host["findProgram"] },
  { followed, unfollowed, realPaths, programs }: ReadMarks,
): boolean {
  try {
    return (
      lookTheSame(followed, files.stat) &&
      lookTheSame(unfollowed, files.lstat) &&
      [...realPaths].every(([path, real]) => files.realPath(path) === real) &&
      [...programs].every(([name, program]) => findProgram(name) === program)
    );
  } catch {
    return false;
  }
}

/** Whether programs that were asked print the same now. */
export async function areAnsweredTheSame({ run }: Pick<Host, "run">, { answers }: ReadMarks): Promise<boolean> {
  for (const [program, answer] of answers) if ((await askNoted({ run }, program)) !== answer) return false;
  return true;
}

/** What a program prints, which is noted where somebody takes notes. */
export async function askNoted({ run }: Pick<Host, "run">, program: string): Promise<string> {
  return (await run({ file: program, args: [], timeoutMs: 10_000, isNoted: true })).stdout;
}

function marksOf(stats: ReadonlyMap<string, FileStat | undefined>): PlaceMarks {
  const marks = new Float64Array(stats.size * markSize);
  for (const [at, stat] of [...stats.values()].entries()) marks.set(markOf(stat), at * markSize);
  return { paths: [...stats.keys()], marks };
}

function markOf(stat: FileStat | undefined): readonly number[] {
  if (!stat) return Array.from({ length: markSize }, () => Number.NaN);
  return [stat.ctimeMs, stat.mtimeMs, stat.size, stat.inode, stat.device];
}

function lookTheSame({ paths, marks }: PlaceMarks, look: FileReads["stat"]): boolean {
  return paths.every((path, place) => {
    const stat = look(path);
    const at = place * markSize;
    if (!stat) return Number.isNaN(marks[at]);
    return (
      stat.ctimeMs === marks[at] &&
      stat.mtimeMs === marks[at + 1] &&
      stat.size === marks[at + 2] &&
      stat.inode === marks[at + 3] &&
      stat.device === marks[at + 4]
    );
  });
}
