import { debianArch, dependencies, isInstalled, searchNames } from "./apt.mjs";
import { compareReleases, readRelease } from "./kernels.mjs";

/**
 * @param {string} release
 * @returns {string} the package that holds the headers of a kernel
 */
export function headerPackage(release) {
  return `linux-headers-${release}`;
}

/** @returns {import("./kernels.mjs").ReleaseName[]} the kernels whose headers can be installed, oldest first */
export function knownKernels() {
  return searchNames("^linux-headers-[0-9]+\\.[0-9]+\\.[0-9]+")
    .map((name) => readRelease(name.replace("linux-headers-", "")))
    .filter(({ flavour }) => flavour !== "" && !flavour.startsWith("common"))
    .sort((a, b) => compareReleases(a.release, b.release));
}

/** @returns {string} the series of the kernel that the distribution installs by default: 6.1 */
export function defaultSeries() {
  const metaPackages = [`linux-headers-${debianArch()}`, "linux-headers-generic"];
  const name = metaPackages.flatMap(dependencies).find((dependency) => /^linux-headers-\d/.test(dependency));
  return readRelease((name ?? "").replace("linux-headers-", "")).series;
}

/**
 * Whether a kernel is of the flavour that the distribution installs by default.
 *
 * @param {{ flavour: string }} kernel
 */
export function isUsual({ flavour }) {
  return flavour === "generic" || flavour === nodeArch();
}

/**
 * Whether installing a kernel's headers would install the kernel too, as packages do that ship a vmlinux for BTF.
 *
 * @param {string} release
 */
export function bringsImage(release) {
  const images = dependencies(headerPackage(release)).filter((name) => name.startsWith("linux-image-"));
  return images.length > 0 && !images.some(isInstalled);
}

/**
 * The packages that make up a kernel's headers, and what else those need installed.
 *
 * @param {string} release
 * @returns {{ own: string[], others: string[] }}
 */
export function headerPackages(release) {
  const isOwn = (/** @type {string} */ name) => /^linux-(headers|kbuild|compiler)-/.test(name);
  const own = new Set([headerPackage(release)]);
  const others = new Set();
  for (const name of own) {
    for (const dependency of dependencies(name)) {
      if (isOwn(dependency)) own.add(dependency);
      else if (!dependency.startsWith("linux-")) others.add(dependency);
    }
  }
  return { own: [...own], others: [...others] };
}

/** dpkg's word for this machine without starting dpkg. */
function nodeArch() {
  /** @type {Record<string, string>} */
  const names = { x64: "amd64", ia32: "i386", arm: "armhf", ppc64: "ppc64el" };
  return names[process.arch] ?? process.arch;
}
