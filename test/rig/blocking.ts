import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

/** Lets a shell script wait at a known point, without a clock. */
export interface Block {
  /** A line of a shell script: tells its process id, then waits for good. */
  readonly line: string;
  /** The id of the process that has come to the line. */
  readonly reached: () => Promise<number>;
}

/** Two fifos in a directory that exists: one tells, on the other nobody ever writes. */
export function block(directory: string, name: string): Block {
  const [told, never] = ["told", "never"].map((what) => path.join(directory, `${name}.${what}`));
  if (told === undefined || never === undefined) throw new Error("there are two");
  execFileSync("mkfifo", [told, never]);
  return {
    line: `echo $$ > ${told}; read word < ${never}`,
    reached: async () => Number(await fs.promises.readFile(told, "utf8")),
  };
}
