import { execFileSync, spawn } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packInitramfs } from "./initramfs.ts";

export interface Boot {
  /** A vmlinuz. */
  readonly kernelImage: string;
  /** Uncompressed kernel objects, loaded with insmod in this order. */
  readonly objects: readonly string[];
  /** Without KVM a boot takes five to fifteen seconds. */
  readonly timeoutMs: number;
  /** Paths of a statically linked busybox and of qemu-system-x86_64; looked up in PATH if not given. */
  readonly busybox?: string;
  readonly qemu?: string;
}

export interface Booted {
  /** All that the machine printed: the kernel's messages, and what insmod said of each object. */
  readonly console: string;
  /** /proc/modules after the last insmod. */
  readonly modules: string;
  /** Whether insmod succeeded, for each object. */
  readonly loaded: readonly boolean[];
  /** Of each directory in /sys/module what tells a module's build, by its path; the directories themselves are empty. */
  readonly sys: ReadonlyMap<string, Uint8Array>;
}

/**
 * Boots a real kernel in a machine of its own, loads kernel objects and powers off: the proof that an object works with
 * that kernel. An object that the kernel refuses does not stop the others; the console says why. A kernel with
 * CONFIG_MODVERSIONS compares the symbols' checksums instead of the release in the vermagic, so an object made for a
 * neighbouring release may load. Rejects if the machine does not come to an end in time.
 */
export async function bootWithModules(boot: Boot): Promise<Booted> {
  const directory = mkdtempSync(join(tmpdir(), "boot-"));
  try {
    const image = packSystem(join(directory, "root"), boot);
    const console = await runMachine(boot, image);
    const modules = console.split(`${modulesBegin}\n`)[1]?.split(modulesEnd)[0];
    if (modules === undefined) throw new Error(`the machine never got to its modules; it printed:\n${console}`);
    const loaded = boot.objects.map((_, index) => console.includes(`${insmodLine(index)}: loaded\n`));
    return { console, modules, loaded, sys: filesIn(console) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const modulesBegin = "--- modules begin ---";
const modulesEnd = "--- modules end ---";
const sysLine = "in /sys/module:";
const insmodLine = (index: number) => `insmod of object ${index}`;
const applets = ["sh", "mount", "insmod", "cat", "echo", "poweroff", "mkdir", "od", "tr"];

/** An initramfs with busybox, the objects and an init that loads them; its path. */
function packSystem(root: string, { objects, busybox = "busybox" }: Boot): string {
  for (const place of ["bin", "modules", "proc", "sys"]) mkdirSync(join(root, place), { recursive: true });
  copyFileSync(whereIs(busybox), join(root, "bin/busybox"));
  chmodSync(join(root, "bin/busybox"), 0o755);
  for (const applet of applets) symlinkSync("busybox", join(root, "bin", applet));
  for (const [index, object] of objects.entries()) copyFileSync(object, join(root, "modules", `${index}.ko`));
  writeFileSync(join(root, "init"), initScript(objects), { mode: 0o755 });
  return packInitramfs(root);
}

function initScript(objects: readonly string[]): string {
  const inserts = objects.map((_, index) => {
    const [line, file] = [insmodLine(index), `/modules/${index}.ko`];
    return `if insmod ${file}; then echo "${line}: loaded"; else echo "${line}: refused"; fi`;
  });
  return [
    "#!/bin/sh",
    "export PATH=/bin",
    "mount -t proc proc /proc",
    "mount -t sysfs sys /sys",
    // Warnings and errors only: they must not break into the list of modules.
    "echo 5 > /proc/sys/kernel/printk",
    "exec 2>&1",
    ...inserts,
    "echo 1 > /proc/sys/kernel/printk",
    `echo "${modulesBegin}"`,
    "cat /proc/modules",
    `echo "${modulesEnd}"`,
    "for directory in /sys/module/*; do",
    `  echo "${sysLine} $directory"`,
    "  for file in $directory/initstate $directory/srcversion $directory/notes/.note.gnu.build-id; do",
    `    [ -e $file ] && echo "${sysLine} $file $(od -An -v -tx1 $file | tr -d ' \\n')"`,
    "  done",
    "done",
    "poweroff -f",
    "",
  ].join("\n");
}

function filesIn(console: string): ReadonlyMap<string, Uint8Array> {
  const lines = console.split("\n").filter((line) => line.startsWith(`${sysLine} `));
  return new Map(
    lines.map((line) => {
      const [path = "", hex = ""] = line.slice(sysLine.length + 1).split(" ");
      return [path, Buffer.from(hex, "hex")];
    }),
  );
}

function whereIs(program: string): string {
  return program.includes("/")
    ? program
    : execFileSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" }).trim();
}

/** What the machine printed, with plain line ends. */
async function runMachine(
  { kernelImage, timeoutMs, qemu = "qemu-system-x86_64" }: Boot,
  image: string,
): Promise<string> {
  const machine = ["-m", "512", "-nographic", "-no-reboot", "-nodefaults", "-serial", "stdio"];
  const kernel = ["-kernel", kernelImage, "-initrd", image, "-append", "console=ttyS0 quiet panic=-1"];
  const child = spawn(qemu, [...machine, ...kernel], { stdio: ["ignore", "pipe", "pipe"] });
  const pieces: Buffer[] = [];
  child.stdout.on("data", (piece) => pieces.push(piece));
  child.stderr.on("data", (piece) => pieces.push(piece));
  const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  const ended = await new Promise<string>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(signal ?? String(code)));
  }).finally(() => clearTimeout(timer));
  const console = Buffer.concat(pieces).toString().replaceAll("\r\n", "\n");
  if (ended !== "0")
    throw new Error(`the machine ended with ${ended} (limit: ${timeoutMs} ms); it printed:\n${console}`);
  return console;
}
