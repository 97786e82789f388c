import type { Host } from "../host/host.ts";
import { watchDirectories } from "../host/watch-directories.ts";
import type { DaemonNote } from "./daemon-note.ts";
import { changedPlaces, type Survey, type SurveyScope, survey } from "./survey.ts";

/** Knows what counts as it was when last looked at. */
export interface Watch {
  /** Looks now; the places that have changed since the last look. */
  readonly look: (host: Host, scope: SurveyScope) => readonly string[];
  readonly close: () => void;
}

/**
 * Looks at what counts when asked to, and calls `noticed` soon after something may have changed: once for many changes.
 * The system's news is a hint only: what is the same as before has not changed, and what nobody told of is found by the
 * next look.
 */
export function createWatch(noticed: () => void, tell: (note: DaemonNote) => void): Watch {
  let last: Survey | undefined;
  let timer: NodeJS.Timeout | undefined;
  const told = new Set<string>();
  const watcher = watchDirectories(() => {
    timer ??= setTimeout(() => {
      timer = undefined;
      noticed();
    }, gatherMs);
  });
  const watchAll = (directories: ReadonlySet<string>): boolean => {
    const { isNew, refused } = watcher.set(directories);
    for (const { directory, code } of refused) {
      if (!told.has(code)) tell({ type: "unwatched", directory, code });
      told.add(code);
    }
    return isNew;
  };
  return {
    look: (host, scope) => {
      let now = survey(host, scope);
      // What appeared in a new directory before it was watched; a directory that comes and goes must not keep us here.
      for (let round = 0; round < mostRounds && watchAll(now.directories); round += 1) now = survey(host, scope);
      const changed = last ? changedPlaces(last, now) : [];
      last = now;
      return changed;
    },
    close: () => {
      clearTimeout(timer);
      watcher.close();
    },
  };
}

/** A thousand changes in a second are looked at a few times. */
const gatherMs = 250;
const mostRounds = 5;
