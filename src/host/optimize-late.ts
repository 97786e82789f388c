import process from "node:process";
import { setFlagsFromString } from "node:v8";

/**
 * Asks the engine of Node 20 to optimise only what runs for long, as later ones do by themselves. With its own measure it
 * takes a third of the processor time of a short run for code that is then hardly used. To ask takes some milliseconds
 * itself: not for what is over sooner.
 */
export function optimizeLate(): void {
  if (process.versions.v8.startsWith("11.")) setFlagsFromString("--interrupt-budget=1000000");
}
