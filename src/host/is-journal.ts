import fs from "node:fs";
import process from "node:process";

/** Whether a descriptor leads to the journal (systemd.exec(5), JOURNAL_STREAM), which reads priorities: `<3>`. */
export function isJournal(descriptor: number, env = process.env): boolean {
  const { JOURNAL_STREAM: stream } = env;
  if (stream === undefined) return false;
  const { dev, ino } = fs.fstatSync(descriptor, { bigint: true });
  return stream === `${dev}:${ino}`;
}
