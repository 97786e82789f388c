import type { Result } from "../dkms/failure.ts";
import type { Fault } from "./diagnostic.ts";
import { quote } from "./source-text.ts";

/** Bytes of a text such as `4G`, `500M`, `64K` or `1000`: more than none, at most 1024G. */
export function parseSize(text: string): Result<number, Fault> {
  const [, digits, unit = ""] = /^(\d{1,15})([KMG]?)$/.exec(text) ?? [];
  const hint = "Write a number and K, M or G, for example 500M.";
  if (digits === undefined) return refuse(`${quote(text)} is not a size.`, hint);
  const bytes = Number(digits) * (units[unit] ?? 1);
  if (bytes === 0) return refuse("The size is zero.", "Leave the key out for the default.");
  if (bytes > largest) return refuse(`${quote(text)} is more than 1024G.`, hint);
  return { ok: true, value: bytes };
}

/** A whole number of this much at most, and at least 1. */
export function parseCount(text: string, most: number): Result<number, Fault> {
  if (/^[1-9]\d{0,9}$/.test(text) && Number(text) <= most) return { ok: true, value: Number(text) };
  const hint = `Write a whole number from 1 to ${most}, or leave the key out for the default.`;
  return refuse(`${quote(text)} is not such a number.`, hint);
}

/** How many jobs builds may run. */
export function parseJobCount(text: string): Result<number, Fault> {
  if (/^[1-9]\d{0,3}$/.test(text) && Number(text) <= mostJobs) return { ok: true, value: Number(text) };
  const hint = `Write a whole number from 1 to ${mostJobs}, or leave the key out for the number of processors.`;
  return refuse(`${quote(text)} is not a number of jobs.`, hint);
}

const mostJobs = 1024;
const units: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };
const largest = 1024 * 2 ** 30;

function refuse(message: string, hint: string): Result<never, Fault> {
  return { ok: false, error: { code: "E_BAD_VALUE", message, hint } };
}
