import path from "node:path";
import { moduleKey } from "../dkms/id.ts";
import { sourceDirectory } from "../dkms/tree-layout.ts";
import type { Host } from "../host/host.ts";
import { isSystemError } from "../host/system-error.ts";
import type { Step } from "../plan/step.ts";

export interface DurationFacts {
  /** Of builds before this one; `undefined` if there was none. */
  readonly lastDuration: (step: Step<"build">) => number | undefined;
  readonly steps: readonly Step[];
}

/**
 * How long a step may take, in milliseconds: a build as long as last time, or, the first time, what so many files to
 * compile take. Only the order of builds hangs on it, so that a rough figure is good enough.
 */
export function expectedDuration(host: Host, { lastDuration, steps }: DurationFacts): (step: Step) => number {
  const bySource = new Map<string, number>();
  const guess = (directory: string) => {
    const ms = bySource.get(directory) ?? guessOrNone(host.files, directory);
    bySource.set(directory, ms);
    return ms;
  };
  const given = new Map<string, string>();
  for (const step of steps) if (step.kind === "add" && step.source) given.set(step.address, step.source);
  return (step) => {
    if (step.kind === "depmod") return depmodMs;
    if (step.kind === "initramfs") return initramfsMs;
    if (step.kind !== "build") return otherMs;
    const { module } = step.instance;
    const directory = given.get(moduleKey(module)) ?? sourceDirectory(host.paths, module);
    return lastDuration(step) ?? guess(directory);
  };
}

const depmodMs = 1000;
const initramfsMs = 20_000;
const otherMs = 50;
/**
 * Each file takes in thousands of lines of the kernel's headers, so that its own hardly count: of Debian's module packages
 * those of a few files take a second for each, those of many two thirds.
 */
const msPerFile = 700;
/** Among as many files, the larger. */
const msPerByte = 0.002;

/** What cannot be read will be told by the build; until then only the order hangs on it. */
function guessOrNone(files: Host["files"], directory: string): number {
  try {
    return guessBelow(files, directory);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return 0;
  }
}

function guessBelow(files: Host["files"], directory: string): number {
  const guesses = (files.list(directory) ?? []).map(({ name, kind }) => {
    const place = path.join(directory, name);
    if (kind === "directory") return guessBelow(files, place);
    return (isCompiled(name) ? msPerFile : 0) + (files.lstat(place)?.size ?? 0) * msPerByte;
  });
  return guesses.reduce((sum, ms) => sum + ms, 0);
}

function isCompiled(name: string): boolean {
  return [".c", ".S", ".cc", ".cpp", ".rs"].includes(path.extname(name));
}
