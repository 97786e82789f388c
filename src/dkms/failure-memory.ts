import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Host } from "../host/host.ts";
import type { BuildInputs } from "./build-record.ts";
import type { Failure, FailureCode } from "./failure.ts";
import type { InstanceId } from "./id.ts";
import { rememberedFailureFile } from "./state-layout.ts";

/** An instance that could not be built or installed, and from what. */
export interface RememberedFailure {
  readonly code: string;
  readonly message: string;
  /** How often in a row, from the same inputs. */
  readonly attempts: number;
  readonly failedAt: Date;
  /** Before this, an unattended run has no reason to hope for another end. */
  readonly nextTry: Date;
}

/** Failures that come back as long as source, headers and toolchain are the same; others may be gone the next minute. */
const lasting: ReadonlySet<string> = new Set<FailureCode>([
  "E_BAD_OBJECT",
  "E_DEPMOD",
  "E_MAKE",
  "E_NO_OBJECT",
  "E_OUTSIDE_TREE",
  "E_PATCH",
  "E_SCRIPT",
  "E_TIMEOUT",
  "E_WRONG_KERNEL",
]);

/** Whether a failure of this code is remembered. Pure. */
export function isLasting(code: string): boolean {
  return lasting.has(code);
}

const firstPauseMs = 10 * 60_000;
const longestPauseMs = 24 * 3_600_000;

/**
 * Remembers a failure that will come back; others are passed over. Each one in a row doubles the time until the next try,
 * from ten minutes to a day. Throws what the file system throws.
 */
export function rememberFailure(host: Host, instance: InstanceId, failed: FailedAttempt): void {
  const { failure, inputs } = failed;
  if (!isLasting(failure.code)) return;
  const before = read(host, instance);
  const attempts = before && isDeepStrictEqual(before.inputs, inputs) ? before.attempts + 1 : 1;
  const { code, message } = failure;
  const memory: Memory = { format: 1, inputs, code, message, attempts, failedAt: host.clock().toISOString() };
  const file = rememberedFailureFile(host.paths, instance);
  host.files.makeDirectory(path.dirname(file));
  host.files.writeAtomic(file, `${JSON.stringify(memory)}\n`);
}

export interface FailedAttempt {
  readonly inputs: BuildInputs;
  readonly failure: Failure;
}

/** Forgets it: the instance is there now, or nobody wants it any more. Throws what the file system throws. */
export function forgetFailure({ files, paths }: Host, instance: InstanceId): void {
  const file = rememberedFailureFile(paths, instance);
  if (files.lstat(file) === undefined) return;
  files.remove(file);
  let directory = path.dirname(file);
  while (directory !== paths.state && files.removeIfEmpty(directory)) directory = path.dirname(directory);
}

/**
 * The failure of a build from these very inputs whose next try is not due yet; `undefined` if there is none. One from
 * the future is none: the clock was set back, and nobody knows when it was.
 */
export function pendingFailure(host: Host, instance: InstanceId, inputs: BuildInputs): RememberedFailure | undefined {
  const memory = read(host, instance);
  if (!memory || !isDeepStrictEqual(memory.inputs, inputs)) return undefined;
  const { code, message, attempts } = memory;
  const failedAt = new Date(memory.failedAt);
  const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** (attempts - 1));
  const nextTry = new Date(failedAt.getTime() + pauseMs);
  const now = host.clock();
  // An unreadable date is neither before nor after anything.
  if (!(failedAt <= now && now < nextTry)) return undefined;
  return { code, message, attempts, failedAt, nextTry };
}

interface Memory {
  readonly format: 1;
  readonly inputs: BuildInputs;
  readonly code: string;
  readonly message: string;
  readonly attempts: number;
  readonly failedAt: string;
}

/** A file that cannot be understood remembers nothing: the worst that follows is one more try. */
function read({ files, paths }: Host, instance: InstanceId): Memory | undefined {
  try {
    const value: unknown = JSON.parse(files.readText(rememberedFailureFile(paths, instance)) ?? "null");
    return isMemory(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isMemory(value: unknown): value is Memory {
  if (typeof value !== "object" || value === null || !("format" in value) || value.format !== 1) return false;
  return (
    "inputs" in value &&
    "code" in value &&
    typeof value.code === "string" &&
    "message" in value &&
    typeof value.message === "string" &&
    "attempts" in value &&
    Number.isInteger(value.attempts) &&
    "failedAt" in value &&
    typeof value.failedAt === "string"
  );
}
