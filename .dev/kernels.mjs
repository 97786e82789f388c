import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { cachedParts } from "./cache.mjs";

/**
 * @typedef {object} Kernel
 * @property {string} release
 * @property {string} directory the headers, links resolved
 */

/**
 * @typedef {object} ReleaseName
 * @property {string} release
 * @property {string} series the first two numbers: 6.1
 * @property {string} flavour what follows the numbers: amd64, rt-amd64, generic
 */

/**
 * The kernels that modules can be built for on this machine: those in /lib/modules whose headers are installed, and
 * those whose header packages lie extracted in the cache. Oldest first.
 *
 * @returns {Kernel[]}
 */
export function kernelsWithHeaders() {
  const installed = list("/lib/modules").map((release) => ({
    release,
    directory: resolved(join("/lib/modules", release, "build")),
  }));
  const extracted = cachedParts("headers").map(({ name, directory }) => ({
    release: name,
    directory: join(directory, "usr/src", `linux-headers-${name}`),
  }));
  /** @type {Map<string, Kernel>} */
  const kernels = new Map();
  for (const kernel of [...extracted, ...installed]) {
    if (existsSync(join(kernel.directory, "include"))) kernels.set(kernel.release, kernel);
  }
  return [...kernels.values()].sort((a, b) => compareReleases(a.release, b.release));
}

/**
 * @param {string} release
 * @returns {ReleaseName}
 */
export function readRelease(release) {
  return {
    release,
    series: /^\d+\.\d+/.exec(release)?.[0] ?? release,
    flavour: release.replace(/^[\d.]+(\+\w+)?(-\d+)?-?/, ""),
  };
}

/**
 * Numbers compared as numbers.
 *
 * @param {string} a
 * @param {string} b
 */
export function compareReleases(a, b) {
  return a.localeCompare(b, "en", { numeric: true });
}

/**
 * The compiler that a kernel was built with, as its configuration names it: `gcc-12`.
 *
 * @param {Kernel} kernel
 * @returns {string | undefined}
 */
export function compilerOf({ directory }) {
  const files = [join(directory, "include/config/auto.conf"), join(directory, ".config")];
  const text = files.filter((file) => existsSync(file)).map((file) => readFileSync(file, "utf8"))[0] ?? "";
  return /^CONFIG_CC_VERSION_TEXT="(\S+)/m.exec(text)?.[1];
}

/** @param {string} directory */
function list(directory) {
  return existsSync(directory) ? readdirSync(directory) : [];
}

/** @param {string} path */
function resolved(path) {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
