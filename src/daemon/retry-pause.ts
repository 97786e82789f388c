/** What is known of a run that could not do everything. */
export interface Shortfall {
  /** How many such runs there were in a row, each to make up for the one before. */
  readonly misses: number;
  /** Another run had the lock for longer than this one has waited. */
  readonly isLocked: boolean;
  /** How long nothing may change before a run. */
  readonly debounceMs: number;
}

const firstMs = 10 * 60_000;
const longestMs = 24 * 3_600_000;

/**
 * How long to wait, in milliseconds, before another run may do better. As the memory of failures has it, and a second more:
 * what fails every time is tried again after ten minutes, then twenty, up to a day.
 */
export function retryPause({ misses, isLocked, debounceMs }: Shortfall): number {
  return isLocked ? debounceMs : Math.min(longestMs, firstMs * 2 ** (misses - 1)) + 1000;
}
