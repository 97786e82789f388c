import type { Host } from "../host/host.ts";
import { areAnsweredTheSame, areSame, type ReadMarks, recordReads } from "../host/record-reads.ts";
import type { Evaluation } from "./conf/evaluation.ts";
import { readOwnValue, writeOwnValue } from "./own-file.ts";
import { evaluationsFile } from "./state-layout.ts";

/** What bash has said of dkms.conf files, for this run and later ones. */
export interface KnownEvaluations {
  /** What was said to a question, if every place that counts still looks the same to this host. */
  readonly recall: (host: Host, question: string) => Promise<Evaluation | undefined>;
  /**
   * Lets somebody look at all that an answer depends on besides its question, before it is asked for; the answer, once it
   * is there, is known from then on. Not if a place changes meanwhile, or has a moment before, or if the file, which bash
   * reads by itself, has another text then.
   */
  readonly watch: <T>(source: Source, look: (host: Host) => Promise<T>) => Promise<Watch<T>>;
  /**
   * Keeps what is known for later runs; under the lock only. `whole`: everything was asked for in this run, and what was
   * not can be forgotten, as can what does not hold any more. Writes nothing if there is nothing new, and gives up in
   * silence where it cannot.
   */
  readonly save: (scope: { readonly whole: boolean }) => void;
}

/** A file, and the text that the question is about. */
export interface Source {
  readonly file: string;
  readonly text: string;
}

export interface Watch<T> {
  /** What the look has come to. */
  readonly seen: T;
  readonly keep: (question: string, answer: Evaluation) => void;
}

/**
 * What earlier runs of this very program (`build`) have kept in `<state>/evaluations.bin`. What somebody else could have
 * written is not read.
 */
export function openEvaluations(asked: Host, build: string): KnownEvaluations {
  const used = new Set<string>();
  let hasNew = false;
  let kept: Map<string, Entry> | undefined;
  const entriesOf = () => {
    kept ??= readKept(asked, build);
    return kept;
  };
  return {
    recall: async (host, question) => {
      const entry = entriesOf().get(question);
      if (!entry || !areSame(host, entry.marks) || !(await areAnsweredTheSame(host, entry.marks))) return undefined;
      used.add(question);
      return entry.answer;
    },
    watch: async ({ file, text }, look) => {
      const { host, marks: marksSoFar } = recordReads(asked, asked.paths.loaded);
      const changedAt = asked.files.stat(file)?.ctimeMs;
      const seen = await look(host);
      const marks = marksSoFar();
      const keep = (question: string, answer: Evaluation): void => {
        if (!marks || marks === "fresh" || !areSame(asked, marks)) return;
        if (asked.files.stat(file)?.ctimeMs !== changedAt || asked.files.readText(file) !== text) return;
        entriesOf().set(question, { answer, marks });
        used.add(question);
        hasNew = true;
      };
      return { seen, keep };
    },
    save: ({ whole }) => {
      // Where bash was not needed, what is kept has not been read either.
      if (!kept) return;
      const entries = [...kept];
      const wanted = entries.filter(([question, { marks }]) => used.has(question) || (!whole && areSame(asked, marks)));
      if (!hasNew && wanted.length === entries.length) return;
      hasNew = false;
      const value = { format, build, entries: new Map(wanted) } satisfies Kept;
      writeOwnValue(asked, { file: evaluationsFile(asked.paths), longest }, value);
    },
  };
}

interface Entry {
  readonly answer: Evaluation;
  readonly marks: ReadMarks;
}

interface Kept {
  readonly format: typeof format;
  readonly build: string;
  readonly entries: ReadonlyMap<string, Entry>;
}

const format = "dkms-agent evaluations 1";
/** Ten thousand modules for a kernel. */
const longest = 16 << 20;

function readKept(host: Host, build: string): Map<string, Entry> {
  const kept = readOwnValue(host, evaluationsFile(host.paths), longest);
  return isKept(kept) && kept.build === build ? new Map(kept.entries) : new Map();
}

/** What this very program has written has the shape that it wrote. */
function isKept(value: unknown): value is Kept {
  return (
    typeof value === "object" &&
    value !== null &&
    "format" in value &&
    value.format === format &&
    "build" in value &&
    "entries" in value &&
    value.entries instanceof Map
  );
}
