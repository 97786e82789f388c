import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { stripVTControlCharacters } from "node:util";

/**
 * @typedef {object} FileResult
 * @property {string} file
 * @property {number} passed
 * @property {number} failed at least 1 if anything was wrong with the file
 * @property {number} skipped
 * @property {number} durationMs
 * @property {string} output
 * @property {string} [problem] what was wrong beside a failing test
 */

const timeLimitMs = 10 * 60 * 1000;
const seed = pathToFileURL(join(import.meta.dirname, "seed.mjs")).href;

/** @type {Set<number>} leaders of running process groups */
const running = new Set();

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
  process.on(signal, () => {
    for (const pid of running) endGroup(pid);
    process.exit(1);
  });
}

/**
 * Runs one test file in a process group of its own, which is ended at the time limit.
 *
 * @param {string} file
 * @param {string} program the JavaScript that was made of it
 * @returns {Promise<FileResult>}
 */
export function runTestFile(file, program) {
  const started = performance.now();
  const child = spawn(process.execPath, ["--enable-source-maps", ...seedOf(program), program], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : {}) },
  });
  const pid = child.pid ?? 0;
  running.add(pid);

  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
  }
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    endGroup(pid);
  }, timeLimitMs);

  return new Promise((resolve) => {
    // A grandchild that holds the pipes would put off "close" for ever, so the group ends with its leader.
    child.on("exit", () => endGroup(pid));
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      running.delete(pid);
      const ending = timedOut ? `took longer than ${timeLimitMs / 60_000} minutes` : `ended with ${code ?? signal}`;
      const durationMs = performance.now() - started;
      resolve({ file, durationMs, output, ...readTotals(output, code === 0 ? undefined : ending) });
    });
  });
}

/** @param {string} program */
function seedOf(program) {
  return readFileSync(program, "utf8").includes('from "fast-check"') ? ["--import", seed] : [];
}

/**
 * @param {string} output of uvu
 * @param {string | undefined} badEnding
 * @returns {Pick<FileResult, "passed" | "failed" | "skipped" | "problem">}
 */
function readTotals(output, badEnding) {
  const text = stripVTControlCharacters(output);
  const sum = (/** @type {string} */ word) =>
    [...text.matchAll(new RegExp(`^  ${word}: +(\\d+)$`, "gm"))].reduce((total, match) => total + Number(match[1]), 0);
  const passed = sum("Passed");
  const skipped = sum("Skipped");
  const failing = sum("Total") - passed;
  if (failing > 0) return { passed, failed: failing, skipped };
  const problem = badEnding ?? (/^ {2}Total: /m.test(text) ? undefined : "reported no totals");
  return { passed, failed: problem ? 1 : 0, skipped, ...(problem ? { problem } : {}) };
}

/** @param {number} pid the leader of the group */
function endGroup(pid) {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // The group is gone already.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
