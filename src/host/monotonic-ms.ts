import process from "node:process";

/**
 * Milliseconds since some moment, with fractions; what the clock is set to does not count. `performance.now` tells the same,
 * but Node 20 takes milliseconds to load what else belongs to `performance`.
 */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
