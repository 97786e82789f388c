import { didYouMean } from "../dkms/did-you-mean.ts";
import type { Fault } from "./diagnostic.ts";
import { quote } from "./source-text.ts";

/** Why a text is not the name of a time zone, as in /usr/share/zoneinfo; `undefined` if it is. */
export function timeZoneFault(text: string): Fault | undefined {
  try {
    // The same that will compute with it.
    new Intl.DateTimeFormat("en", { timeZone: text });
    // An offset such as +01:00 is known to newer Nodes only.
    if (/^[A-Za-z]/.test(text)) return undefined;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  const hint = didYouMean(text, Intl.supportedValuesOf("timeZone")) ?? 'Write it as in "Europe/Berlin" or "UTC".';
  return { code: "E_BAD_VALUE", message: `${quote(text)} is not a time zone.`, hint };
}
