import { readOwnValue, writeOwnValue } from "../dkms/own-file.ts";
import { readLoaded } from "../dkms/read-loaded.ts";
import { knownScanFile } from "../dkms/state-layout.ts";
import type { Host } from "../host/host.ts";
import { packValue, unpackValue } from "../host/packed-value.ts";
import { areAnsweredTheSame, areSame, type ReadMarks, recordReads } from "../host/record-reads.ts";
import { isSystemError } from "../host/system-error.ts";
import type { ActualState } from "./actual-state.ts";

/** What a scan has found, and how to keep that for later runs. */
export interface KnownScan {
  readonly actual: ActualState;
  /**
   * Under the lock only, with what follows from it and the question alone. Nothing is kept of what need not be the same a
   * moment later although nothing has changed, and it gives up in silence where nothing can be written. Answers whether
   * another scan, a moment later, could be kept: places have changed since this one, or a moment before it.
   */
  readonly keep: (conclusion: unknown) => boolean;
}

export interface RecalledScan {
  readonly actual: ActualState;
  /** What was concluded from it, of a type that who has kept it knows; what is loaded has no part in it. */
  readonly conclusion: unknown;
}

/**
 * What earlier runs have kept in `<state>/scan.bin`, whatever it is; `undefined` if there is nothing. It may be read at any
 * time, also before the lock is had: whether it still holds is seen in {@link recallScan}. What somebody else could have
 * written is not read.
 */
export function readKnownScan(host: Host): unknown {
  return readOwnValue(host, knownScanFile(host.paths), longest);
}

/**
 * What an earlier run with the same question has kept, if every place that its scan has looked at still looks the same: size,
 * times, inode and device, as with digests (known-digests.ts); `undefined` if not. What is loaded is always read anew, since
 * /sys keeps no times.
 */
export async function recallScan(
  host: Host,
  question: string,
  kept: unknown = readKnownScan(host),
): Promise<RecalledScan | undefined> {
  if (!isKept(kept) || kept.question !== question || !areSame(host, kept.marks)) return undefined;
  if (!(await areAnsweredTheSame(host, kept.marks))) return undefined;
  try {
    return { actual: toActual(kept, readLoaded(host)), conclusion: kept.conclusion };
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}

function toActual({ actual, prospects: packed }: Kept, loaded: ActualState["loaded"]): ActualState {
  let prospects: ActualState["prospects"] | undefined;
  return {
    ...actual,
    loaded,
    get prospects() {
      prospects ??= unpackProspects(packed);
      return prospects;
    },
  };
}

function unpackProspects(packed: Uint8Array): ActualState["prospects"] {
  const value = unpackValue(packed);
  if (!isProspects(value)) throw new Error("what was kept of a scan is not what was written");
  return value;
}

/** As with all of it: see {@link isKept}. */
function isProspects(value: unknown): value is ActualState["prospects"] {
  return value instanceof Map;
}

/** Scans, and takes note of what it looks at. `digests`: the host through which the scan asks for digests. */
export async function scanToKeep(
  host: Host,
  question: string,
  { digests, scan }: { readonly digests: Host; readonly scan: (host: Host) => Promise<ActualState> },
): Promise<KnownScan> {
  const { host: recorded, marks: marksSoFar } = recordReads(digests, host.paths.loaded);
  const actual = await scan(recorded);
  const keep = (conclusion: unknown): boolean => {
    const marks = actual.findings.length === 0 ? marksSoFar() : undefined;
    if (!marks) return false;
    if (marks === "fresh" || !areSame(host, marks)) return true;
    const { loaded: _, prospects, ...rest } = actual;
    const value = { format, question, marks, actual: rest, prospects: packValue(prospects), conclusion } satisfies Kept;
    writeOwnValue(host, { file: knownScanFile(host.paths), longest }, value);
    return false;
  };
  return { actual, keep };
}

interface Kept {
  readonly format: typeof format;
  readonly question: string;
  readonly marks: ReadMarks;
  readonly actual: Omit<ActualState, "loaded" | "prospects">;
  /** Packed by themselves: a run with nothing to do has no use for them. */
  readonly prospects: Uint8Array;
  readonly conclusion: unknown;
}

const format = "dkms-agent scan 3";
const longest = 64 << 20;

/** What this very program has written has the shape that it wrote; which program that was is part of the question. */
function isKept(value: unknown): value is Kept {
  return (
    typeof value === "object" &&
    value !== null &&
    "format" in value &&
    value.format === format &&
    "question" in value &&
    "marks" in value &&
    "actual" in value &&
    "prospects" in value &&
    value.prospects instanceof Uint8Array &&
    "conclusion" in value
  );
}
