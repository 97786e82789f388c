import fs from "node:fs";
import path from "node:path";
import { isSystemError } from "./system-error.ts";

/**
 * Opens what processes have open of a file that had this name and was removed since: whoever holds a lock on it holds it
 * still. Each such file once, for reading and writing; by /proc, of the processes that this one may look into.
 */
export function openRemoved(file: string): readonly number[] {
  const removed = `${path.join(fs.realpathSync.native(path.dirname(file)), path.basename(file))} (deleted)`;
  const found = new Map<string, number>();
  for (const pid of entries("/proc").filter((name) => /^[0-9]+$/.test(name)))
    for (const name of entries(`/proc/${pid}/fd`)) {
      const place = `/proc/${pid}/fd/${name}`;
      if (attempt(() => fs.readlinkSync(place)) !== removed) continue;
      const descriptor = attempt(() => fs.openSync(place, fs.constants.O_RDWR));
      if (descriptor === undefined) continue;
      const { dev, ino } = fs.fstatSync(descriptor);
      if (found.has(`${dev}:${ino}`)) fs.closeSync(descriptor);
      else found.set(`${dev}:${ino}`, descriptor);
    }
  return [...found.values()];
}

function entries(directory: string): readonly string[] {
  return attempt(() => fs.readdirSync(directory)) ?? [];
}

/** Processes end while they are looked at, and others are not to be looked into. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return undefined;
  }
}
