/** `1 file`, `2 files`; the plural is the singular with an s unless given. */
export function count(number: number, singular: string, plural = `${singular}s`): string {
  return `${number} ${number === 1 ? singular : plural}`;
}

/** A duration as people say it: `40 ms`, `0.4 s`, `12 s`, `3 min 5 s`, `1 h 2 min`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 95) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 9950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return parts(`${minutes} min`, seconds % 60, "s");
  return parts(`${Math.floor(minutes / 60)} h`, minutes % 60, "min");
}

function parts(whole: string, rest: number, unit: string): string {
  return rest === 0 ? whole : `${whole} ${rest} ${unit}`;
}

/** A sentence ends with one full stop, whoever wrote it. It begins as written: often with a name, which has its own case. */
export function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** The non-empty lines as one text; empty for none. */
export function lines(given: readonly string[]): string {
  return given.length === 0 ? "" : `${given.join("\n")}\n`;
}
