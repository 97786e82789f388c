import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AptFailure, codename, install, update } from "./apt.mjs";
import { cachedParts, recordPart } from "./cache.mjs";
import { replaceDirectory } from "./parts.mjs";
import { hasProgram, run, tail } from "./process.mjs";

/** Packages whose own scripts call dkms; the archives are kept in the root, so that installing them needs no network. */
const modulePackages = ["v4l2loopback-dkms", "ddcci-dkms"];

/**
 * A Debian system in a directory of the cache, with the package dkms, systemd and the headers of the kernel whose image
 * is in the cache, made by debootstrap.
 *
 * @returns {string} the release of that kernel
 */
export function prepareDebianRoot() {
  const [image] = cachedParts("linux-image");
  if (!image) throw new Error("The preparation brought no kernel.");
  const release = image.name;
  const packages = ["dkms", "systemd-sysv", `linux-headers-${release}`];
  const [cached] = cachedParts("debian-root");
  if (cached) {
    const missing = packages.filter((name) => !existsSync(join(cached.directory, `var/lib/dpkg/info/${name}.list`)));
    if (missing.length > 0) installIn(cached.directory, missing);
    return release;
  }
  update();
  if (!hasProgram("debootstrap")) install(["debootstrap"]);
  console.log("Making a Debian system in the cache (debootstrap): some minutes, and 700 MB.");
  replaceDirectory("debian-root", (root) => {
    must("debootstrap", ["--variant=minbase", codename(), root]);
    copyAptSources(root);
    installIn(root, packages);
    installIn(root, ["--download-only", ...modulePackages]);
  });
  recordPart({ kind: "debian-root", package: "debootstrap", version: codename(), path: "debian-root" });
  return release;
}

/**
 * What a system with initramfs-tools has over the one above, as the upper directory of an overlay, with the archives of
 * one more kernel and its headers: installing and removing them needs no network.
 *
 * @param {string} release of that kernel
 */
export function prepareKernelLayer(release) {
  const [base] = cachedParts("debian-root");
  if (!base || cachedParts("kernel-layer").some(({ name }) => name === release)) return;
  console.log(`Making a layer over it, with initramfs-tools and the packages of ${release}: a minute, and 150 MB.`);
  const path = `kernel-layer/${release}`;
  replaceDirectory(path, (layer) => {
    const top = `${layer}.overlay`;
    for (const directory of [layer, join(top, "work"), join(top, "merged")]) mkdirSync(directory, { recursive: true });
    const apt = "apt-get -y --no-install-recommends -o APT::Sandbox::User=root";
    const script = [
      "set -e",
      `mount -t overlay overlay -o lowerdir=${base.directory},upperdir=${layer},workdir=${top}/work ${top}/merged`,
      `mount -t proc proc ${top}/merged/proc`,
      `mount --rbind /dev ${top}/merged/dev`,
      "export DEBIAN_FRONTEND=noninteractive",
      `chroot ${top}/merged ${apt} update`,
      `chroot ${top}/merged ${apt} install initramfs-tools`,
      `chroot ${top}/merged ${apt} install --download-only linux-image-${release} linux-headers-${release}`,
    ];
    try {
      must("unshare", ["--mount", "--propagation", "private", "sh", "-c", script.join("\n")]);
    } finally {
      rmSync(top, { recursive: true, force: true });
    }
  });
  recordPart({ kind: "kernel-layer", package: `linux-image-${release}`, version: codename(), path });
}

/**
 * @param {string} root
 * @param {readonly string[]} words options and packages
 */
function installIn(root, words) {
  const apt = [root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "APT::Sandbox::User=root"];
  must("chroot", [...apt, "update"]);
  must("chroot", [...apt, "install", "-y", "--no-install-recommends", ...words]);
}

/** @param {string} root gets the machine's own sources, so that the same mirror is asked */
function copyAptSources(root) {
  const parts = "etc/apt/sources.list.d";
  mkdirSync(join(root, parts), { recursive: true });
  const files = existsSync(join("/", parts)) ? readdirSync(join("/", parts)).map((name) => join(parts, name)) : [];
  const usable = ["etc/apt/sources.list", ...files].filter((file) => existsSync(join("/", file)));
  writeFileSync(join(root, "etc/apt/sources.list"), "");
  for (const file of usable) {
    if (readFileSync(join("/", file), "utf8").includes(codename())) copyFileSync(join("/", file), join(root, file));
  }
  copyFileSync("/etc/resolv.conf", join(root, "etc/resolv.conf"));
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 */
function must(program, args) {
  const { code, output } = run(program, args);
  if (code !== 0) throw new AptFailure(`${program} ${args.join(" ")} failed (exit code ${code}):\n${tail(output, 15)}`);
}
