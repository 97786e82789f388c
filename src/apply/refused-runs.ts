import { createHash } from "node:crypto";
import path from "node:path";
import { journalFile, refusedRunsDirectory } from "../dkms/state-layout.ts";
import type { Host } from "../host/host.ts";
import { isSystemError } from "../host/system-error.ts";
import type { RunRefusal } from "./journal-run.ts";
import { type JournalLine, journalLines, journalRuns, journalText, refusedRun } from "./journal-runs.ts";
import { type CommandFacts, callerFields, type RunFacts, scopeFields } from "./run-facts.ts";

/** A run that could not do anything. */
export interface RefusedRun {
  /** Of a command that knows no documents and no plan: without engine and filter. */
  readonly facts: CommandFacts & Partial<Pick<RunFacts, "engine" | "filter">>;
  readonly refusal: RunRefusal;
}

/**
 * Notes for the journal a run that could not do anything, since the documents are invalid, another run holds the lock, or
 * the like. Throws what the file system throws.
 *
 * Such a run does not hold the lock, and nobody may write to the journal without it: whoever holds it may put another file
 * in the journal's place at the same moment, and half a line of a full disk would be taken away together with what others
 * have written since. So each stands in a small file of its own until the next run that holds the lock takes it in (see
 * {@link takeInRefusedRuns}). The same again, which a timer makes of one broken document, is the same file with a higher
 * count: it neither grows without end nor hides what runs did. Of two that say the same at the same moment, one may go
 * uncounted.
 */
export function noteRefusedRun(host: Host, { facts, refusal }: RefusedRun): void {
  const { files, paths } = host;
  const { code, message, exitCode: exit } = refusal;
  const { engine, filter } = facts;
  const says = { code, message, exit, ...callerFields(facts), engine, ...scopeFields(filter) };
  const directory = refusedRunsDirectory(paths);
  const file = path.join(directory, createHash("sha256").update(JSON.stringify(says)).digest("hex").slice(0, 32));
  const at = host.clock().toISOString();
  const [before] = journalRuns(journalLines(files.readText(file) ?? ""));
  const counted = before && { count: before.count + 1, since: before.since };
  const line = `${JSON.stringify({ type: refusedRun, run: `${at}/${process.pid}`, at, ...says, ...counted })}\n`;
  files.makeDirectory(directory);
  if (!before) makeRoom(host);
  try {
    files.writeAtomic(file, line, 0o600);
  } catch (error) {
    // Whoever takes the lock clears away what is half written, and cannot know of whom it is.
    if (!isSystemError(error) || error.code !== "ENOENT") throw error;
    files.writeAtomic(file, line, 0o600);
  }
}

/** Of so many different ones the oldest says nothing that still helps. */
const mostRefused = 100;

function makeRoom(host: Host): void {
  const places = noted(host);
  if (places.length < mostRefused) return;
  const age = (place: string) => host.files.lstat(place)?.mtimeMs ?? 0;
  const [oldest] = [...places].sort((one, other) => age(one) - age(other));
  if (oldest !== undefined) host.files.remove(oldest);
}

/**
 * Adds to the journal what was refused since. Only under the lock. Each file is first renamed, so that what is refused in
 * the same moment begins a new one, and removed only when its line is on the disk: a kill between these leaves a line and
 * the same line again, which count as one, since they are of one run.
 */
export function takeInRefusedRuns(host: Host): void {
  try {
    const places = noted(host);
    // What a kill has left comes first, since it is in the way of the same again.
    takeIn(
      host,
      places.filter((place) => place.endsWith(takenSuffix)),
    );
    const fresh = places.filter((place) => !place.endsWith(takenSuffix));
    takeIn(
      host,
      fresh.flatMap((place) => setAside(host, place)),
    );
  } catch (error) {
    // What earlier runs could not do keeps no run from doing it; it waits for the next one.
    if (!isSystemError(error)) throw error;
  }
}

const takenSuffix = ".taken";

/** The lines of the journal and of what was refused since, oldest first. Throws what the file system throws. */
export function readJournal(host: Host): string {
  const pending = linesOf(host, noted(host));
  // Read last, so that what is taken in meanwhile is found in one of the two.
  const text = host.files.readText(journalFile(host.paths)) ?? "";
  return `${text}\n${journalText(pending)}`;
}

function noted({ files, paths }: Host): readonly string[] {
  const directory = refusedRunsDirectory(paths);
  const own = (files.list(directory) ?? []).filter(({ name, kind }) => kind === "file" && isOwn.test(name));
  return own.map(({ name }) => path.join(directory, name));
}

const isOwn = /^[0-9a-f]{32}(\.taken)?$/;

function linesOf({ files }: Host, places: readonly string[]): readonly JournalLine[] {
  const lines = places.flatMap((place) => journalLines(files.readText(place) ?? ""));
  return lines.sort((one, other) => (one.at < other.at ? -1 : 1));
}

function setAside({ files }: Host, place: string): readonly string[] {
  const taken = place + takenSuffix;
  try {
    files.rename(place, taken);
    return [taken];
  } catch (error) {
    // One that gave way to another meanwhile.
    if (isSystemError(error) && error.code === "ENOENT") return [];
    throw error;
  }
}

function takeIn(host: Host, places: readonly string[]): void {
  const lines = linesOf(host, places);
  if (lines.length > 0) host.files.append(journalFile(host.paths), journalText(lines));
  for (const place of places) host.files.remove(place);
}
