import { join } from "node:path";
import { build } from "./build.mjs";
import { prepare } from "./prepare.mjs";
import { show } from "./process.mjs";

/**
 * Goes to the project, makes sure of what it needs of the machine, and builds it.
 *
 * @param {Parameters<typeof prepare>[0]} options
 */
export async function makeReady(options) {
  process.chdir(join(import.meta.dirname, ".."));
  prepare(options);
  await build();
}

/**
 * Runs TypeScript on the reader's terminal, one file after the other. This process will end as the worst of them has.
 *
 * @param {readonly string[]} files
 * @param {readonly string[]} [words] for each of them
 */
export function runFiles(files, words = []) {
  const codes = files.map((file) => show(process.execPath, ["--import", "tsx", file, ...words]));
  process.exitCode = Math.max(...codes);
}
