import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

/** Lets a shell script wait at a known point, without a clock. */
export interface Block {
  /** A line of a shell script: tells its process id, then waits until it is let go; mostly for good. */
  readonly line: string;
  /** The id of the process that has come to the line. */
  readonly reached: () => Promise<number>;
  /** The process goes on; it must have come to the line. */
  readonly letGo: () => Promise<void>;
}

/** Two fifos in a directory that exists: one tells, on the other is waited. */
export function block(directory: string, name: string): Block {
  const [told, waited] = ["told", "waited"].map((what) => path.join(directory, `${name}.${what}`));
  if (told === undefined || waited === undefined) throw new Error("there are two");
  execFileSync("mkfifo", [told, waited]);
  return {
    line: `echo $$ > ${told}; read word < ${waited}`,
    reached: async () => Number(await fs.promises.readFile(told, "utf8")),
    letGo: () => fs.promises.writeFile(waited, "\n"),
  };
}
