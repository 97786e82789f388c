import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AptFailure, codename, install, update } from "./apt.mjs";
import { cachedParts } from "./cache.mjs";
import { replaceDirectory, saveDebianRoot } from "./parts.mjs";
import { hasProgram, run, tail } from "./process.mjs";

/** Packages whose own scripts call dkms; the archives are kept in the root, so that installing them needs no network. */
const modulePackages = ["v4l2loopback-dkms", "ddcci-dkms"];

/**
 * A Debian system in a directory of the cache, with the package dkms and the headers of one kernel, made by debootstrap.
 *
 * @param {string} release of the kernel
 */
export function prepareDebianRoot(release) {
  if (cachedParts("debian-root").length > 0) return;
  update();
  if (!hasProgram("debootstrap")) install(["debootstrap"]);
  console.log("Making a Debian system in the cache (debootstrap): some minutes, and 700 MB.");
  replaceDirectory("debian-root", (root) => {
    must("debootstrap", ["--variant=minbase", codename(), root]);
    copyAptSources(root);
    const apt = [root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "APT::Sandbox::User=root"];
    must("chroot", [...apt, "update"]);
    const packages = ["dkms", `linux-headers-${release}`];
    must("chroot", [...apt, "install", "-y", "--no-install-recommends", ...packages]);
    must("chroot", [...apt, "install", "-y", "--no-install-recommends", "--download-only", ...modulePackages]);
  });
  saveDebianRoot(codename());
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
