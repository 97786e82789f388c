import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { bundleTests } from "./bundle-tests.mjs";
import { prepare } from "./prepare.mjs";
import { show } from "./process.mjs";
import { runTestFile } from "./test-file.mjs";

const project = join(import.meta.dirname, "..");
const durationsFile = join(project, "node_modules/.cache/dkms-agent/test-durations.json");

/** @typedef {import("./test-file.mjs").FileResult} FileResult */

const filters = process.argv.slice(2);
process.chdir(project);
// As the program has it for itself, whatever the caller's is.
process.umask(0o022);
prepare({ for: "test" });

const failedChecks = runChecks(filters.length === 0 ? ["lint", "types", "build"] : ["build"]);
const results = await runFiles(chooseFiles(filters));
rememberDurations(results);
process.exitCode = conclude(failedChecks, results);

/**
 * @param {readonly string[]} scripts of package.json
 * @returns {string[]} those that failed
 */
function runChecks(scripts) {
  return scripts.filter((script) => {
    console.log(`── npm run ${script}`);
    return show("npm", ["run", "--silent", script]) !== 0;
  });
}

/**
 * The test files whose path contains one of the words; the ones that took longest come first, and new scenarios
 * before those, so that the last to end is a short one.
 *
 * @param {readonly string[]} words
 */
function chooseFiles(words) {
  const files = readdirSync("test", { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => join("test", file));
  const chosen = files.filter((file) => words.length === 0 || words.some((word) => file.includes(word)));
  if (chosen.length === 0) {
    console.error(`No test file's path contains ${words.join(" or ")}.`);
    process.exit(1);
  }
  const durations = rememberedDurations();
  const expected = (/** @type {string} */ file) => durations[file] ?? (file.includes("scenarios") ? 600_000 : 0);
  return chosen.sort((a, b) => expected(b) - expected(a) || a.localeCompare(b));
}

/**
 * Runs each file as a process of its own, as many at a time as there are processors.
 *
 * @param {readonly string[]} files
 */
async function runFiles(files) {
  /** @type {FileResult[]} */
  const results = [];
  const waiting = [...files];
  const programOf = await bundleTests(files);
  const work = async () => {
    for (let file = waiting.shift(); file; file = waiting.shift()) {
      const result = await runTestFile(file, programOf(file));
      results.push(result);
      console.log(`── ${title(result)}\n${result.output.trim()}\n`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return results;
}

/**
 * Prints the failures once more, then the totals as the last line.
 *
 * @param {readonly string[]} failedChecks
 * @param {readonly FileResult[]} results
 * @returns {number} the exit code
 */
function conclude(failedChecks, results) {
  const failing = results.filter(({ failed }) => failed > 0);
  if (failing.length > 0) console.log("── Failures, once more");
  for (const result of failing) console.log(`── ${title(result)}\n${result.output.trim()}\n`);
  for (const check of failedChecks) console.log(`npm run ${check} failed; see above.`);

  const sum = (/** @type {"passed" | "failed" | "skipped"} */ key) =>
    results.reduce((total, result) => total + result[key], 0);
  const failed = sum("failed") + failedChecks.length;
  const skipped = sum("skipped");
  const skippedInCi = process.env.CI && skipped > 0;
  if (skippedInCi) console.log("Tests were skipped, which is a failure where CI is set.");
  console.log(`${sum("passed")} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  return failed > 0 || skippedInCi ? 1 : 0;
}

/** @param {FileResult} result */
function title({ file, durationMs, problem }) {
  return `${file} (${(durationMs / 1000).toFixed(1)} s)${problem ? `: ${problem}` : ""}`;
}

/** @returns {Record<string, number>} */
function rememberedDurations() {
  return existsSync(durationsFile) ? JSON.parse(readFileSync(durationsFile, "utf8")) : {};
}

/** @param {readonly FileResult[]} results */
function rememberDurations(results) {
  const measured = Object.fromEntries(results.map(({ file, durationMs }) => [file, Math.round(durationMs)]));
  mkdirSync(dirname(durationsFile), { recursive: true });
  writeFileSync(durationsFile, `${JSON.stringify({ ...rememberedDurations(), ...measured })}\n`);
}
