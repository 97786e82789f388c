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
 * How long a step may take, in milliseconds: a build as long as last time, or, the first time, in proportion to its
 * source. Only the order of builds hangs on it, so that a rough figure is good enough.
 */
export function expectedDuration(host: Host, { lastDuration, steps }: DurationFacts): (step: Step) => number {
  const bySource = new Map<string, number>();
  const sizeOf = (directory: string) => {
    const size = bySource.get(directory) ?? sizeOrNone(host.files, directory);
    bySource.set(directory, size);
    return size;
  };
  const given = new Map<string, string>();
  for (const step of steps) if (step.kind === "add" && step.source) given.set(step.address, step.source);
  return (step) => {
    if (step.kind === "depmod") return depmodMs;
    if (step.kind === "initramfs") return initramfsMs;
    if (step.kind !== "build") return otherMs;
    const { module } = step.instance;
    const directory = given.get(moduleKey(module)) ?? sourceDirectory(host.paths, module);
    return lastDuration(step) ?? sizeOf(directory) * msPerByte;
  };
}

const depmodMs = 1000;
const initramfsMs = 20_000;
const otherMs = 50;
/** Debian's module packages take between 10 and 60 milliseconds for a kilobyte of source. */
const msPerByte = 0.03;

/** What cannot be read will be told by the build; until then only the order hangs on it. */
function sizeOrNone(files: Host["files"], directory: string): number {
  try {
    return sizeBelow(files, directory);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return 0;
  }
}

function sizeBelow(files: Host["files"], directory: string): number {
  const sizes = (files.list(directory) ?? []).map(({ name, kind }) => {
    const place = path.join(directory, name);
    return kind === "directory" ? sizeBelow(files, place) : (files.lstat(place)?.size ?? 0);
  });
  return sizes.reduce((sum, size) => sum + size, 0);
}
