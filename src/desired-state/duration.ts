import type { Result } from "../dkms/failure.ts";
import type { Fault } from "./diagnostic.ts";
import { quote } from "./source-text.ts";

const longestHours = 24;

/** Milliseconds of a text such as `20m`, `90s` or `1h30m`: more than nothing, at most a day. */
export function parseDuration(text: string): Result<number, Fault> {
  const parts = /^(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?$/.exec(text);
  if (text === "" || !parts) return refuse(`${quote(text)} is not a duration.`, hintFor(text));
  const [hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map((part) => Number(part ?? 0));
  const total = (hours * 60 + minutes) * 60 + seconds;
  if (total === 0) return refuse("The duration is zero.", "Leave the key out for the default.");
  if (total > longestHours * 3600) return refuse("The duration is longer than a day.", `At most ${longestHours}h.`);
  return { ok: true, value: total * 1000 };
}

/** A duration, or `0`: not to wait at all. */
export function parseWait(text: string): Result<number, Fault> {
  return /^0+[hms]?$/.test(text) ? { ok: true, value: 0 } : parseDuration(text);
}

/** What the two look like, for JSON schemas. */
export const durationPattern = "^(?=.)([0-9]+h)?([0-9]+m)?([0-9]+s)?$";
export const waitPattern = `^0+$|${durationPattern}`;

function hintFor(text: string): string {
  const example = /^\d+$/.test(text) ? `${text}s or ${text}m` : "90s, 20m or 1h30m";
  return `Write hours, minutes and seconds with their letters, for example ${example}.`;
}

function refuse(message: string, hint: string): Result<never, Fault> {
  return { ok: false, error: { code: "E_BAD_VALUE", message, hint } };
}
