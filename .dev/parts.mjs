import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { AptFailure, codename, extract, isKnown, optionsForRelease, searchNames, update } from "./apt.mjs";
import { cachedParts, partsDirectory, recordPart, recordUnavailable, unavailablePackages } from "./cache.mjs";
import { headerPackage, headerPackages, isUsual } from "./header-packages.mjs";
import { kernelsWithHeaders, readRelease } from "./kernels.mjs";

/**
 * Real packages that tests read and build from. They are extracted into the cache and never installed.
 *
 * @typedef {object} Part
 * @property {string} package
 * @property {string} why
 * @property {() => void} fetch throws AptFailure
 */

const moduleSources = [
  "v4l2loopback",
  "ddcci",
  "evdi",
  "acpi-call",
  "bbswitch",
  "vpoll",
  "dm-writeboost",
  "lime-forensics",
];

/** The release of Debian that has the version of dell/dkms that tests compare with. */
const releaseWithDkms = "trixie";

/**
 * @param {"test" | "corpus"} purpose `test` leaves out most of the corpus
 * @returns {Part[]} what is not in the cache yet; for `test` by looking at files alone
 */
export function missingParts(purpose) {
  const cached = new Set([...cachedParts("module-sources"), ...cachedParts("dkms")].map((part) => part.package));
  const sources = moduleSources
    .map((name) => `${name}-dkms`)
    .filter((name) => !cached.has(name))
    .map((name) => ({
      package: name,
      why: "a real module's source",
      fetch: () => fetchSource(name, "module-sources"),
    }));
  const dkms = { package: "dkms", why: "the original, to compare with", fetch: fetchDkms };
  const parts = [
    ...missingImage(),
    ...sources,
    ...(cached.has("dkms") ? [] : [dkms]),
    ...missingPromtool(),
    ...missingCorpus(purpose),
  ];
  return parts.filter((part) => !unavailablePackages().includes(part.package));
}

/**
 * Extracts a kernel's header packages into the cache, with the paths in them made right.
 *
 * @param {string} release
 */
export function extractHeaders(release) {
  let version = "";
  const path = `headers/${release}`;
  replaceDirectory(path, (directory) => {
    for (const name of headerPackages(release).own) version = extract(name, directory);
    const makefile = join(directory, "usr/src", `linux-headers-${release}`, "Makefile");
    const final = join(partsDirectory(), path);
    writeFileSync(makefile, readFileSync(makefile, "utf8").replaceAll(" /usr/", ` ${final}/usr/`));
  });
  recordPart({ kind: "headers", package: headerPackage(release), version, path });
}

/** @returns {Part[]} the newest usual kernel that modules can be built for, and that is here as a package's files */
function missingImage() {
  const usual = kernelsWithHeaders().filter(({ release }) => isUsual(readRelease(release)));
  const images = new Set(cachedParts("linux-image").map(({ name }) => name));
  if (usual.some(({ release }) => images.has(release))) return [];
  const oldest = usual[0] && readRelease(usual[0].release).series;
  const newest = usual.findLast(({ release }) => readRelease(release).series === oldest);
  if (!newest) return [];
  const name = `linux-image-${newest.release}`;
  return [{ package: name, why: "a real kernel and its modules", fetch: () => fetchImage(name, newest.release) }];
}

/**
 * @param {string} name
 * @param {string} release
 */
function fetchImage(name, release) {
  update();
  let version = "";
  const path = `linux-image/${release}`;
  replaceDirectory(path, (directory) => {
    version = extract(name, directory);
  });
  recordPart({ kind: "linux-image", package: name, version, path });
}

/** @returns {Part[]} */
function missingPromtool() {
  if (cachedParts("promtool").length > 0) return [];
  const why = "brings promtool, which checks figures and alert rules";
  return [{ package: "prometheus", why, fetch: fetchPromtool }];
}

/** One program of a package whose others would be started as soon as it is installed. */
function fetchPromtool() {
  update();
  if (!isKnown("prometheus")) {
    recordUnavailable("prometheus");
    return;
  }
  const directory = join(partsDirectory(), "prometheus.new");
  try {
    const version = extract("prometheus", directory);
    replaceDirectory("promtool", (target) => {
      mkdirSync(target);
      renameSync(join(directory, "usr/bin/promtool"), join(target, "promtool"));
    });
    recordPart({ kind: "promtool", package: "prometheus", version, path: "promtool" });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * Sources of modules for the comparison of two commands: all that the distribution has, or the sample of them that
 * every run of the tests takes. What other tests build from has a kind of its own, since they go through all of it.
 *
 * @param {"test" | "corpus"} purpose
 * @returns {Part[]}
 */
function missingCorpus(purpose) {
  if (purpose === "corpus") update();
  const names = purpose === "corpus" ? searchNames("[^-]-dkms$").filter((name) => name !== "dh-dkms") : corpusSample();
  const cached = new Set(cachedParts("corpus").map((part) => part.package));
  return names
    .filter((name) => !cached.has(name))
    .map((name) => ({ package: name, why: "one more real module's source", fetch: () => fetchSource(name, "corpus") }));
}

/** @returns {string[]} packages */
function corpusSample() {
  return JSON.parse(readFileSync(join(import.meta.dirname, "../test/corpus/sample.json"), "utf8"));
}

/**
 * @param {string} name of the package
 * @param {"module-sources" | "corpus"} kind
 */
function fetchSource(name, kind) {
  update();
  if (!isKnown(name)) {
    recordUnavailable(name);
    return;
  }
  const directory = join(partsDirectory(), `${name}.new`);
  try {
    const version = extract(name, directory);
    const [source] = readdirSync(join(directory, "usr/src"));
    if (!source) throw new AptFailure(`${name} holds no source in /usr/src`);
    const path = `${kind}/${source}`;
    replaceDirectory(path, (target) => renameSync(join(directory, "usr/src", source), target));
    recordPart({ kind, package: name, version, path });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function fetchDkms() {
  const aptDirectory = join(partsDirectory(), "apt.new");
  try {
    const options = codename() === releaseWithDkms ? [] : optionsForRelease(releaseWithDkms, aptDirectory);
    if (codename() === releaseWithDkms) update();
    if (!options) {
      recordUnavailable("dkms");
      return;
    }
    let version = "";
    replaceDirectory("dkms", (directory) => {
      version = extract("dkms", directory, options);
    });
    recordPart({ kind: "dkms", package: "dkms", version, path: "dkms" });
  } finally {
    rmSync(aptDirectory, { recursive: true, force: true });
  }
}

/**
 * Fills a directory of the cache beside its place and renames it, so that it is there whole or not at all.
 *
 * @param {string} path below the cache
 * @param {(directory: string) => void} fill
 */
export function replaceDirectory(path, fill) {
  const directory = join(partsDirectory(), path);
  const staging = join(dirname(directory), `.${basename(directory)}.new`);
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(dirname(directory), { recursive: true });
  try {
    fill(staging);
    if (existsSync(directory)) rmSync(directory, { recursive: true });
    renameSync(staging, directory);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}
