import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/**
 * Keeps compiled code of the program beside it, for the Node that runs this: short commands spend most of their time on
 * compiling themselves. What is worth keeping shows when the commands that are started most have nothing to do; how they
 * end does not matter. See piece-loader.mjs for who uses it.
 *
 * @param {string} directory of the built program
 */
export function compilePieces(directory) {
  const root = mkdtempSync(join(tmpdir(), "dkms-agent-compile-"));
  try {
    const options = ["-f", makeWorld(root), "--root", root];
    const commands = [["dkms", "status", "--root", root], ...[...kinds, "apply", ...kinds].map((word) => [word])];
    for (const [command = "", ...words] of commands) {
      const args = words.length > 0 ? [command, ...words] : [command, ...options];
      const node = ["--import", recorder, join(directory, "cli.cjs"), ...args];
      spawnSync(process.execPath, node, { stdio: "ignore", timeout: 60_000 });
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Each also once more, when an apply has kept what it found: what an earlier round has compiled is kept with the rest. */
const kinds = ["status", "plan", "apply"];

const recorder = join(import.meta.dirname, "record-compiled.mjs");

/**
 * Two modules that are installed for a kernel.
 *
 * @param {string} root
 * @returns {string} the document that wants them
 */
function makeWorld(root) {
  const release = "6.1.0-1-amd64";
  const kernel = join(root, "lib/modules", release);
  const names = ["one", "two"];
  for (const name of ["modules.dep", "build/.config", "build/Module.symvers", "build/include/config/auto.conf"])
    write(join(kernel, name), "");
  for (const name of names) {
    const source = join(root, "usr/src", `${name}-1.0`);
    const tree = join(root, "var/lib/dkms", name);
    write(join(source, "dkms.conf"), confOf(name));
    write(join(source, "main.c"), "");
    write(join(tree, "1.0", release, "x86_64/module", `${name}.ko`), name);
    write(join(kernel, "updates/dkms", `${name}.ko`), name);
    symlinkSync(source, join(tree, "1.0/source"));
    symlinkSync(`1.0/${release}/x86_64`, join(tree, `kernel-${release}-x86_64`));
  }
  const modules = names.map((name) => `  - {name: ${name}, version: "1.0"}\n`);
  const document = join(root, "modules.yaml");
  write(document, `apiVersion: dkms-agent/v1\nkernels: [installed]\nmodules:\n${modules.join("")}`);
  return document;
}

/** @param {string} name */
function confOf(name) {
  const lines = [
    `PACKAGE_NAME="${name}"`,
    'PACKAGE_VERSION="1.0"',
    `BUILT_MODULE_NAME[0]="${name}"`,
    'DEST_MODULE_LOCATION[0]="/updates/dkms"',
    `MAKE[0]="make -C $kernel_source_dir"`,
    'AUTOINSTALL="yes"',
  ];
  return `${lines.join("\n")}\n`;
}

/**
 * @param {string} file
 * @param {string} text
 */
function write(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
