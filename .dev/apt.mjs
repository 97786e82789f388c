import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasProgram, run, tail } from "./process.mjs";

/** apt-get did not do what it was asked; the message is for people and holds the end of its output. */
export class AptFailure extends Error {}

/** @returns {boolean} whether packages come by apt-get here */
export function isDebianLike() {
  return hasProgram("apt-get") && hasProgram("dpkg") && hasProgram("apt-cache");
}

/** @returns {boolean} whether this process may install packages */
export function canInstall() {
  return isDebianLike() && process.getuid?.() === 0;
}

/** @returns {string} dpkg's word for this machine: amd64, arm64 */
export function debianArch() {
  return run("dpkg", ["--print-architecture"]).stdout.trim();
}

let updated = false;
// apt-get update succeeds without a network; it only warns.
let listsAreOld = false;
const unreachable = /Failed to fetch|Could not (resolve|connect)|Temporary failure resolving|Network is unreachable/;

/** Fetches the package lists, once in a run. Without root the lists stay as they are. */
export function update() {
  if (updated || !canInstall()) return;
  updated = true;
  answers.clear();
  listsAreOld = unreachable.test(apt(["update"], "fetch the lists of packages"));
}

/** @param {readonly string[]} packages */
export function install(packages) {
  apt(["install", "-y", "--no-install-recommends", ...packages], `install ${packages.join(", ")}`);
}

/**
 * Downloads a package and extracts it; nothing is installed.
 *
 * @param {string} name
 * @param {string} directory gets the package's files
 * @param {readonly string[]} [options] for apt-get
 * @returns {string} the package's version
 */
export function extract(name, directory, options = []) {
  const download = `${directory}.download`;
  rmSync(download, { recursive: true, force: true });
  mkdirSync(download, { recursive: true });
  try {
    apt([...options, "download", name], `download ${name}`, download);
    const [archive] = readdirSync(download).filter((file) => file.endsWith(".deb"));
    if (!archive) throw new AptFailure(`apt-get download ${name} brought no file`);
    const { code, output } = run("dpkg", ["-x", join(download, archive), directory]);
    if (code !== 0) throw new AptFailure(`dpkg could not extract ${archive}:\n${tail(output, 5)}`);
    return run("dpkg-deb", ["-f", join(download, archive), "Version"]).stdout.trim();
  } finally {
    rmSync(download, { recursive: true, force: true });
  }
}

/**
 * @param {string} name
 * @param {readonly string[]} [options]
 * @returns {boolean} whether the package lists hold a package of that name
 */
export function isKnown(name, options = []) {
  return /^\s+Candidate: (?!\(none\))/m.test(aptCache([...options, "policy", name]));
}

/**
 * @param {readonly string[]} names
 * @returns {string[]} those of which the package lists hold no package; asked in one go
 */
export function unknownPackages(names) {
  const answer = names.length > 0 ? aptCache(["policy", ...names]) : "";
  const known = [...answer.matchAll(/^(\S+):\n.*\n\s+Candidate: (?!\(none\))/gm)].map(([, name]) => name);
  return names.filter((name) => !known.includes(name));
}

/**
 * @param {string} name
 * @returns {boolean}
 */
export function isInstalled(name) {
  return /^Status: .* installed$/m.test(run("dpkg-query", ["--status", name]).stdout);
}

/**
 * @param {string} name
 * @returns {string[]} what the package depends on; of alternatives, the first
 */
export function dependencies(name) {
  const answer = aptCache(["depends", "--no-recommends", "--no-suggests", name]);
  const lines = answer.split("\n").filter((line) => /^\s*\|?(Pre)?Depends: /.test(line));
  const firsts = lines.filter((_, index) => !lines[index - 1]?.trim().startsWith("|"));
  return [...new Set(firsts.map((line) => line.replace(/^.*: <?([^>]*)>?$/, "$1")))];
}

/**
 * @param {string} pattern
 * @returns {string[]} the names of packages that match
 */
export function searchNames(pattern) {
  return aptCache(["search", "--names-only", pattern])
    .split("\n")
    .flatMap((line) => line.split(" ")[0] || []);
}

/**
 * Options with which apt sees another release of the distribution and nothing of the machine's own state. The sources
 * are the machine's own with the release's name replaced, so that the same mirror is asked.
 *
 * @param {string} release
 * @param {string} directory for apt's files; the caller removes it
 * @returns {string[] | undefined} `undefined` where the machine has no source to derive one from
 */
export function optionsForRelease(release, directory) {
  const entries = sourceFiles().flatMap(({ file, text }) =>
    file.endsWith(".sources") ? deb822Entries(text, release) : oneLineEntries(text, release),
  );
  if (entries.length === 0) return undefined;
  for (const part of ["state/lists/partial", "cache/archives/partial", "parts"]) {
    mkdirSync(join(directory, part), { recursive: true });
  }
  for (const [index, { text, suffix }] of entries.entries()) {
    writeFileSync(join(directory, "parts", `${index}.${suffix}`), `${text}\n`);
  }
  const settings = {
    "Dir::State": join(directory, "state"),
    "Dir::State::status": "/dev/null",
    "Dir::Cache": join(directory, "cache"),
    "Dir::Etc::sourcelist": "/dev/null",
    "Dir::Etc::sourceparts": join(directory, "parts"),
    "Acquire::Languages": "none",
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  run("apt-get", [...asRoot, ...options, "update"]);
  return options;
}

// apt drops to the user _apt for downloads, who may not enter a directory of root's, and warns about it each time.
const asRoot = ["-o", "APT::Sandbox::User=root"];

/**
 * @param {readonly string[]} args
 * @param {string} purpose
 * @param {string} [cwd]
 * @returns {string} what it said
 */
function apt(args, purpose, cwd) {
  const { code, output } = run("apt-get", [...asRoot, "-o", "DPkg::Lock::Timeout=120", ...args], {
    env: { DEBIAN_FRONTEND: "noninteractive" },
    ...(cwd ? { cwd } : {}),
  });
  if (code === 0) return output;
  const hint =
    listsAreOld || unreachable.test(output) ? " The package mirror cannot be reached: is there a network?" : "";
  const log = join(mkdtempSync(join(tmpdir(), "dkms-agent-apt-")), "apt-get.log");
  writeFileSync(log, output);
  throw new AptFailure(
    `apt-get could not ${purpose} (exit code ${code}).${hint} All of what it said is in ${log}, which ends:\n${tail(output, 15)}`,
  );
}

/** @type {Map<string, string>} what apt-cache said about the present lists; asking takes it half a second */
const answers = new Map();

/** @param {readonly string[]} args */
function aptCache(args) {
  const key = args.join(" ");
  const answer = answers.get(key) ?? run("apt-cache", args).stdout;
  answers.set(key, answer);
  return answer;
}

/** @returns {{ file: string, text: string }[]} */
function sourceFiles() {
  const parts = "/etc/apt/sources.list.d";
  const files = existsSync(parts) ? readdirSync(parts).map((name) => join(parts, name)) : [];
  return ["/etc/apt/sources.list", ...files]
    .filter((file) => /\.(list|sources)$/.test(file) && existsSync(file))
    .map((file) => ({ file, text: readFileSync(file, "utf8") }));
}

/**
 * @param {string} text
 * @param {string} release
 */
function deb822Entries(text, release) {
  const lines = text.split("\n").filter((line) => !line.startsWith("#"));
  return lines
    .join("\n")
    .split(/\n\s*\n/)
    .filter((paragraph) => /^Types:.*\bdeb\b/im.test(paragraph) && !/^Enabled:\s*no/im.test(paragraph))
    .filter((paragraph) => suites(/^Suites:(.*)$/im.exec(paragraph)?.[1] ?? "").includes(codename()))
    .map((paragraph) => ({
      suffix: "sources",
      text: paragraph.replace(/^Types:.*$/im, "Types: deb").replace(/^Suites:.*$/im, `Suites: ${release}`),
    }));
}

/**
 * @param {string} text
 * @param {string} release
 */
function oneLineEntries(text, release) {
  const pattern = /^(deb\s+(?:\[[^\]]*\]\s+)?\S+\s+)(\S+)(\s.*)$/;
  return text
    .split("\n")
    .filter((line) => pattern.exec(line)?.[2] === codename() && !/\scdrom:/.test(line))
    .map((line) => ({ suffix: "list", text: line.replace(pattern, `$1${release}$3`) }));
}

/** @param {string} field */
function suites(field) {
  return field.trim().split(/\s+/);
}

/** @returns {string} the release that this machine runs: bookworm */
export function codename() {
  const file = "/etc/os-release";
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  return /^VERSION_CODENAME="?(\w+)/m.exec(text)?.[1] ?? "";
}
