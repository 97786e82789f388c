import type { Step } from "../plan/step.ts";
import type { StepPlace } from "./event.ts";

/** Which step events and results are about. */
export function placeOf({ id, kind, address }: Step): StepPlace {
  return { id, kind, address };
}
