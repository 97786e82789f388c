import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";

/**
 * Packages that are extracted for tests and never installed. `manifest.json` in the cache lists them; an entry is
 * written when its directory is complete.
 *
 * @typedef {object} Entry
 * @property {"headers" | "linux-image" | "dkms" | "promtool" | "module-sources" | "corpus" | "debian-root" | "kernel-layer"} kind
 * @property {string} package
 * @property {string} version the package's version
 * @property {string} path below the cache
 */

/** @typedef {{ format: 1, parts: Entry[], unavailable: string[] }} Manifest */

/** @returns {string} where the extracted packages are; test/rig/cached-parts.ts uses the same rule */
export function partsDirectory() {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  return process.env.DKMS_AGENT_PARTS || join(cache, "dkms-agent-parts");
}

/**
 * @param {Entry["kind"]} kind
 * @returns {{ name: string, package: string, directory: string }[]} those that are really there
 */
export function cachedParts(kind) {
  return readManifest()
    .parts.filter((entry) => entry.kind === kind)
    .map((entry) => ({
      name: basename(entry.path),
      package: entry.package,
      directory: join(partsDirectory(), entry.path),
    }))
    .filter(({ directory }) => existsSync(directory));
}

/** @returns {string[]} packages that this machine's sources do not have; they are not asked for again */
export function unavailablePackages() {
  return readManifest().unavailable;
}

/** @param {Entry} entry replaces an entry with the same path */
export function recordPart(entry) {
  const manifest = readManifest();
  const others = manifest.parts.filter(({ path }) => path !== entry.path);
  writeManifest({ ...manifest, parts: [...others, entry] });
}

/** @param {string} name */
export function recordUnavailable(name) {
  const manifest = readManifest();
  writeManifest({ ...manifest, unavailable: [...new Set([...manifest.unavailable, name])] });
}

/** @returns {Manifest} */
function readManifest() {
  const empty = /** @type {Manifest} */ ({ format: 1, parts: [], unavailable: [] });
  const file = join(partsDirectory(), "manifest.json");
  return existsSync(file) ? { ...empty, ...JSON.parse(readFileSync(file, "utf8")) } : empty;
}

/** @param {Manifest} manifest */
function writeManifest(manifest) {
  mkdirSync(partsDirectory(), { recursive: true });
  const file = join(partsDirectory(), "manifest.json");
  writeFileSync(`${file}.new`, `${JSON.stringify(manifest, undefined, 2)}\n`);
  renameSync(`${file}.new`, file);
}
