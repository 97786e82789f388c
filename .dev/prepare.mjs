import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AptFailure, canInstall, install, isDebianLike, isInstalled, unknownPackages, update } from "./apt.mjs";
import { headerPackages } from "./header-packages.mjs";
import { distribution, missingNeeds } from "./needs.mjs";
import { extractHeaders, missingParts } from "./parts.mjs";
import { run } from "./process.mjs";

/** What `npm start` and `npm test` exit with when the machine lacks something: EX_CONFIG of sysexits.h. */
const cannotRunHere = 78;

const project = join(import.meta.dirname, "..");

/**
 * Makes sure of what a machine needs for a purpose, and says what it installs. Where everything is there, it says
 * nothing and starts nothing.
 *
 * @param {{ for: "start" | "test" | "corpus" }} options for `start`, what is missing and cannot be had ends the
 *   process; for `test` it is told, and the tests that need it are skipped; `corpus` is `test` with the source of every
 *   module that the distribution has
 */
export function prepare({ for: purpose }) {
  installNpmPackages();
  const missing = missingNeeds(purpose === "start" ? "start" : "test");
  if (missing.length > 0 && !canInstall()) {
    explain(missing);
    if (purpose === "start") process.exit(cannotRunHere);
  } else if (missing.length > 0) {
    const done = attempt(() => installAll(missing));
    if (!done && purpose === "start") process.exit(cannotRunHere);
  }
  if (purpose !== "start" && isDebianLike()) fetchParts(purpose);
}

function installNpmPackages() {
  if (npmPackagesAreCurrent()) return;
  console.log("Installing the npm packages of package-lock.json (npm ci).");
  const { code, output } = run("npm", ["ci"], { cwd: project });
  if (code === 0) return;
  const complaints = output.split("\n").filter((line) => line.startsWith("npm error"));
  console.error(`npm ci failed (exit code ${code}). It said:\n${complaints.slice(0, 15).join("\n")}`);
  process.exit(cannotRunHere);
}

/** Compares content, since a checkout sets times at will. */
function npmPackagesAreCurrent() {
  const installed = packagesIn(join(project, "node_modules/.package-lock.json"));
  return Object.entries(packagesIn(join(project, "package-lock.json"))).every(
    ([path, entry]) => path === "" || entry.optional || installed[path]?.version === entry.version,
  );
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }>}
 */
function packagesIn(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).packages : {};
}

/** @param {readonly import("./needs.mjs").Need[]} needs */
function explain(needs) {
  console.error("This machine lacks:");
  for (const { what, why } of needs) console.error(`  ${what}: ${why}`);
  if (!isDebianLike()) {
    console.error(`Install these with the package manager of ${distribution()}, then run this again.`);
    return;
  }
  const { packages } = choosePackages(needs);
  console.error(
    `Install them, then run this again:\n  sudo apt-get install --no-install-recommends ${packages.join(" ")}`,
  );
}

/** @param {readonly import("./needs.mjs").Need[]} needs */
function installAll(needs) {
  console.log(`Missing: ${needs.map(({ what, why }) => `${what} (${why})`).join(", ")}.`);
  console.log("Fetching the lists of packages (apt-get update).");
  update();
  const chosen = choosePackages(needs);
  const { headers } = chosen;
  // One name that this release of the distribution does not have would keep apt-get from installing any of the others.
  const unknown = unknownPackages(chosen.packages);
  const packages = chosen.packages.filter((name) => !unknown.includes(name));
  if (unknown.length > 0) console.log(`${distribution()} has no package ${unknown.join(", ")}.`);
  if (packages.length > 0) {
    console.log(`Installing ${packages.join(" ")} (apt-get install).`);
    install(packages);
  }
  for (const release of headers) {
    console.log(`Extracting the headers of ${release} into the cache: installing them would install that kernel too.`);
    extractHeaders(release);
  }
  // Headers that have just come may ask for the compiler that their kernel was built with.
  const compilers = missingNeeds("start").flatMap((need) => need.install());
  if (compilers.length > 0) install(compilers);
}

/**
 * @param {readonly import("./needs.mjs").Need[]} needs
 * @returns {{ packages: string[], headers: string[] }}
 */
function choosePackages(needs) {
  const headers = [...new Set(needs.flatMap((need) => need.extractHeaders?.() ?? []))];
  const forHeaders = headers.flatMap((release) => headerPackages(release).others).filter((name) => !isInstalled(name));
  const packages = [...new Set([...needs.flatMap((need) => need.install()), ...forHeaders])];
  return { packages, headers };
}

/** @param {"test" | "corpus"} purpose */
function fetchParts(purpose) {
  for (const { package: name, why, fetch } of missingParts(purpose)) {
    console.log(`Fetching ${name}: ${why}. It is extracted into the cache, not installed.`);
    attempt(fetch);
  }
}

/**
 * @param {() => void} action
 * @returns {boolean} false after a failure that has been told
 */
function attempt(action) {
  try {
    action();
    return true;
  } catch (error) {
    if (!(error instanceof AptFailure)) throw error;
    console.error(error.message);
    return false;
  }
}
