import { existsSync, readFileSync } from "node:fs";
import { debianArch } from "./apt.mjs";
import { bringsImage, defaultSeries, headerPackage, isUsual, knownKernels } from "./header-packages.mjs";
import { compareReleases, compilerOf, kernelsWithHeaders, readRelease } from "./kernels.mjs";
import { hasProgram } from "./process.mjs";

/**
 * Something that this machine lacks. The packages are named late, since a name may depend on lists that are fetched
 * first.
 *
 * @typedef {object} Need
 * @property {string} what in a few words
 * @property {string} why
 * @property {() => string[]} install names of packages to install
 * @property {() => string[]} [extractHeaders] kernel releases whose header packages are extracted, not installed
 */

/** @typedef {{ program: string, package: string, why: string, file?: string }} Tool `file`: to look for instead */

/** @type {readonly Tool[]} */
const toolsToBuild = [
  { program: "make", package: "make", why: "builds kernel modules" },
  { program: "depmod", package: "kmod", why: "brings depmod" },
  { program: "flock", package: "util-linux", why: "brings flock, for the lock on the DKMS tree" },
  { program: "unshare", package: "util-linux", why: "brings unshare, for private build directories" },
  { program: "patch", package: "patch", why: "applies the patches of a module" },
  { program: "xz", package: "xz-utils", why: "kernel objects may be compressed with it" },
  { program: "zstd", package: "zstd", why: "kernel objects may be compressed with it" },
];

/** @type {readonly Tool[]} */
const toolsToTest = [
  { program: "bash", package: "bash", why: "evaluates dkms.conf files" },
  { program: "openssl", package: "openssl", why: "makes keys for signed modules" },
  { program: "script", package: "bsdutils", why: "brings script, for tests on a terminal" },
  { program: "bzip2", package: "bzip2", why: "archives may be packed with it" },
  { program: "rpm", package: "rpm", why: "installs the rpms that dkms ldtarball is given" },
  { program: "ansible-playbook", package: "ansible-core", why: "runs the tests of the Ansible collection" },
  {
    program: "validate-modules",
    package: "python3-voluptuous",
    why: "lets Ansible compare a module with its documentation",
    file: "/usr/lib/python3/dist-packages/voluptuous/__init__.py",
  },
  { program: "yamllint", package: "yamllint", why: "checks the Ansible collection" },
  { program: "puppet", package: "puppet-agent", why: "runs the tests of the Puppet module" },
  {
    program: "puppet-resource-api",
    package: "ruby-puppet-resource-api",
    why: "is what the Puppet module is written for",
    file: "/usr/lib/ruby/vendor_ruby/puppet/resource_api.rb",
  },
  { program: "puppet-lint", package: "puppet-lint", why: "checks the Puppet module" },
  { program: "cpio", package: "cpio", why: "packs the image of the boot test" },
  { program: "zsh", package: "zsh", why: "completes command lines" },
  { program: "fish", package: "fish", why: "completes command lines" },
  { program: "man", package: "man-db", why: "shows the manual pages" },
  { program: "mandoc", package: "mandoc", why: "checks the manual pages" },
  { program: "systemd-analyze", package: "systemd", why: "checks the systemd units" },
  { program: "kernel-install", package: "systemd", why: "calls the plugins of whoever makes modules" },
  { program: "mkfs.ext4", package: "e2fsprogs", why: "makes the disk that breaks" },
  { program: "busybox", package: "busybox-static", why: "is the system of the boot test" },
  { program: "qemu-system-x86_64", package: "qemu-system-x86", why: "boots a kernel with a module" },
];

/**
 * What the machine lacks for a purpose, by looking at files alone.
 *
 * @param {"start" | "test"} purpose
 * @returns {Need[]}
 */
export function missingNeeds(purpose) {
  const tools = purpose === "test" ? [...toolsToBuild, ...toolsToTest] : toolsToBuild;
  const missing = tools.filter(({ program, file }) => (file ? !existsSync(file) : !hasProgram(program)));
  const headers = purpose === "test" ? headersToTest() : headersToBuild();
  return [...missingCompilers(), ...missing.map(toNeed), ...headers];
}

/**
 * @param {Tool} tool
 * @returns {Need}
 */
function toNeed({ program, package: name, why }) {
  return { what: program, why, install: () => [name] };
}

/** @returns {Need[]} each kernel wants the compiler that it was built with */
function missingCompilers() {
  const wanted = kernelsWithHeaders().flatMap((kernel) => compilerOf(kernel) ?? []);
  return [...new Set(["gcc", ...wanted])]
    .filter((program) => !hasProgram(program))
    .map((program) => ({
      what: program,
      why: "compiles kernel modules",
      install: () => [program.replace(/^.*-(gcc|clang)/, "$1")],
    }));
}

/** @returns {Need[]} */
function headersToBuild() {
  if (kernelsWithHeaders().length > 0) return [];
  return [headersNeed("kernel headers", "modules are built against them", () => [releaseToBuildFor()])];
}

/**
 * Kernels for the tests: two of one series and the usual flavour, a real-time one, and one of a later series.
 *
 * @returns {Need[]}
 */
function headersToTest() {
  const here = kernelsWithHeaders().map(({ release }) => readRelease(release));
  const usual = here.filter(isUsual);
  const pair = usual.find((kernel) => usual.some((other) => other !== kernel && other.series === kernel.series));
  const series = () => pair?.series ?? defaultSeries();
  const needs = [];
  if (!pair) {
    const newest = () => knownUsual().filter((kernel) => kernel.series === series());
    needs.push(headersNeed("two kernels' headers", "modules are built for several", () => last(newest(), 2)));
  }
  if (!here.some(isRealTime)) {
    const newest = () => knownKernels().filter((kernel) => isRealTime(kernel) && kernel.series === series());
    needs.push(headersNeed("a real-time kernel's headers", "another flavour", () => last(newest(), 1)));
  }
  if (!pair || !usual.some((kernel) => compareReleases(kernel.series, pair.series) > 0)) {
    const newest = () => knownUsual().filter((kernel) => compareReleases(kernel.series, series()) > 0);
    needs.push(headersNeed("a later kernel's headers", "another compiler interface", () => last(newest(), 1)));
  }
  return needs;
}

/**
 * @param {string} what
 * @param {string} why
 * @param {() => string[]} choose releases
 * @returns {Need}
 */
function headersNeed(what, why, choose) {
  return {
    what,
    why,
    install: () =>
      choose()
        .filter((release) => !bringsImage(release))
        .map(headerPackage),
    extractHeaders: () => choose().filter(bringsImage),
  };
}

/**
 * @returns {string} the running kernel where its headers are to be had, else the distribution's own newest; without
 *   lists of packages the word that makes the name of Debian's meta package
 */
function releaseToBuildFor() {
  const running = readFileSync("/proc/sys/kernel/osrelease", "utf8").trim();
  const known = knownKernels();
  if (known.some(({ release }) => release === running)) return running;
  const series = defaultSeries();
  return (
    last(
      known.filter(isUsual).filter((kernel) => kernel.series === series),
      1,
    )[0] ?? debianArch()
  );
}

function knownUsual() {
  return knownKernels().filter(isUsual);
}

/** @param {import("./kernels.mjs").ReleaseName} kernel */
function isRealTime({ flavour }) {
  return /^rt\b/.test(flavour);
}

/**
 * @param {{ release: string }[]} kernels
 * @param {number} count
 */
function last(kernels, count) {
  return kernels.slice(-count).map(({ release }) => release);
}

/** @returns {string} what the machine calls itself */
export function distribution() {
  const file = "/etc/os-release";
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  return /^PRETTY_NAME="?([^"\n]+)/m.exec(text)?.[1] ?? "this system";
}
