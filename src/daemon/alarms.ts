/** Timers by name; each rings once. */
export interface Alarms<Name extends string> {
  /** Sets it, in the place of what it was set to before. */
  readonly set: (name: Name, ms: number, ring: () => void) => void;
  readonly clear: (name: Name) => void;
}

/** No timer is set yet. `fail` hears of what was thrown when one rang. */
export function createAlarms<Name extends string>(fail: (thrown: unknown) => void): Alarms<Name> {
  const timers = new Map<Name, NodeJS.Timeout>();
  const clear = (name: Name) => {
    clearTimeout(timers.get(name));
    timers.delete(name);
  };
  return {
    set: (name, ms, ring) => {
      clear(name);
      const guarded = () => {
        try {
          ring();
        } catch (thrown) {
          fail(thrown);
        }
      };
      timers.set(name, setTimeout(guarded, ms));
    },
    clear,
  };
}
