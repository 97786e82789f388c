import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * Runs a program to its end and gives back what it said. stdout and stderr of a program that does not exist are empty
 * and its code is 127, as a shell has it.
 *
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: Record<string, string> }} [options]
 * @returns {{ code: number, stdout: string, output: string }}
 */
export function run(file, args, { cwd, env } = {}) {
  const result = spawnSync(file, args, {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, LC_ALL: "C", ...env },
    ...(cwd ? { cwd } : {}),
  });
  const stdout = result.stdout ?? "";
  return { code: result.error ? 127 : (result.status ?? 1), stdout, output: stdout + (result.stderr ?? "") };
}

/**
 * Runs a program on the reader's terminal.
 *
 * @param {string} file
 * @param {readonly string[]} args
 * @returns {number} its exit code
 */
export function show(file, args) {
  const { status, error } = spawnSync(file, args, { stdio: "inherit" });
  return error ? 127 : (status ?? 1);
}

/**
 * @param {string} name
 * @returns {boolean} whether a program of that name can be started; /usr/sbin counts even where PATH lacks it
 */
export function hasProgram(name) {
  const directories = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return directories.some((directory) => isExecutable(join(directory, name)));
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {string} text
 * @param {number} count
 * @returns {string} the last lines, indented
 */
export function tail(text, count) {
  return text
    .trimEnd()
    .split("\n")
    .slice(-count)
    .map((line) => `  ${line}`)
    .join("\n");
}
