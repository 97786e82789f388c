import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { packInitramfs } from "./initramfs.ts";
import type { LinuxImage } from "./parts.ts";

export interface SystemdDiskOptions {
  /** A Debian system with systemd; nothing is written to it. */
  readonly base: string;
  readonly image: LinuxImage;
  /** Statically linked. */
  readonly busybox: string;
  /** Whether the system can build modules: otherwise there is no compiler, no make, no kernel header and no dell/dkms. */
  readonly builds: boolean;
  /** Puts more files into the system, below a directory that takes the place of `/`. */
  readonly fill: (at: (...names: readonly string[]) => string) => void;
}

/** What a machine is started from. */
export interface SystemdDisk {
  readonly file: string;
  readonly kernelImage: string;
  readonly initramfs: string;
  /** The same disk once more, for a machine that does not see what is done to this one. */
  readonly copy: () => SystemdDisk;
  readonly remove: () => void;
}

/**
 * A disk (ext4) with a Debian system: the program at /usr/bin/dkms-agent, its units, and a shell for the tests on the second
 * serial line. What is loaded from the disk's own modules before the system is there is in an initramfs. Needs root.
 */
export function systemdDisk(options: SystemdDiskOptions): SystemdDisk {
  const top = fs.mkdtempSync(path.join(os.tmpdir(), "dkms-agent-disk-"));
  const upper = (...names: readonly string[]) => path.join(top, "upper", ...names);
  for (const name of ["merged", "work"]) fs.mkdirSync(path.join(top, name));
  addKernel(options.image, upper("usr/lib/modules", options.image.release));
  addProgram(options.base, upper);
  addSystem(upper);
  options.fill(upper);
  const file = path.join(top, "disk.ext4");
  makeFileSystem(options, { top, file });
  const initramfs = packDrivers(path.join(top, "initramfs"), { ...options, upper });
  fs.rmSync(path.join(top, "upper"), { recursive: true });
  return diskAt({ file, kernelImage: options.image.vmlinuz, initramfs }, top);
}

type Files = Pick<SystemdDisk, "file" | "kernelImage" | "initramfs">;
type Upper = (...names: readonly string[]) => string;

function diskAt(files: Files, top: string): SystemdDisk {
  return {
    ...files,
    copy: () => {
      const directory = fs.mkdtempSync(path.join(os.tmpdir(), "dkms-agent-disk-"));
      const file = path.join(directory, "disk.ext4");
      execFileSync("cp", ["--sparse=always", files.file, file]);
      return diskAt({ ...files, file }, directory);
    },
    remove: () => fs.rmSync(top, { recursive: true, force: true }),
  };
}

/** What the machine itself needs, and what the tested modules use. */
const kernelParts = ["arch", "crypto", "lib", "fs", "drivers/block", "drivers/virtio", "drivers/media/v4l2-core"];

function addKernel({ modules }: LinuxImage, directory: string): void {
  for (const part of kernelParts)
    fs.cpSync(path.join(modules, "kernel", part), path.join(directory, "kernel", part), { recursive: true });
  for (const file of ["modules.order", "modules.builtin", "modules.builtin.modinfo"])
    fs.copyFileSync(path.join(modules, file), path.join(directory, file));
}

const project = path.join(import.meta.dirname, "../..");

function addProgram(base: string, upper: Upper): void {
  for (const name of ["usr/bin", "usr/lib/dkms-agent", "etc/systemd/system"])
    fs.mkdirSync(upper(name), { recursive: true });
  fs.copyFileSync(process.execPath, upper("usr/bin/node"));
  for (const library of librariesOf(process.execPath)) {
    if (fs.existsSync(path.join(base, library))) continue;
    fs.mkdirSync(upper(path.dirname(library)), { recursive: true });
    fs.copyFileSync(library, upper(library));
  }
  fs.cpSync(path.join(project, "dist"), upper("usr/lib/dkms-agent"), { recursive: true });
  fs.symlinkSync("../lib/dkms-agent/cli.cjs", upper("usr/bin/dkms-agent"));
  const units = path.join(project, "packaging/systemd");
  for (const name of fs.readdirSync(units).filter((file) => /\.(service|timer)$/.test(file)))
    fs.copyFileSync(path.join(units, name), upper("etc/systemd/system", name));
}

function librariesOf(program: string): readonly string[] {
  const lines = execFileSync("ldd", [program], { encoding: "utf8" }).split("\n");
  return lines.flatMap((line) => /=> (\/\S+)/.exec(line)?.[1] ?? []);
}

/** Work of Debian's own that only costs time here. */
const maskedUnits = [
  ...["apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "fstrim.timer"],
  ...["e2scrub_reap.service", "getty-static.service", "getty@tty1.service"],
];

function addSystem(upper: Upper): void {
  const units = upper("etc/systemd/system");
  for (const unit of maskedUnits) fs.symlinkSync("/dev/null", path.join(units, unit));
  fs.writeFileSync(path.join(units, "rig-shell.service"), shellUnit);
  fs.mkdirSync(path.join(units, "multi-user.target.wants"));
  fs.symlinkSync("../rig-shell.service", path.join(units, "multi-user.target.wants/rig-shell.service"));
  fs.writeFileSync(upper("usr/lib/rig-shell"), shellScript, { mode: 0o755 });
  fs.writeFileSync(upper("etc/hostname"), "machine\n");
  // Without one, the first boot would enable every unit there is.
  fs.writeFileSync(upper("etc/machine-id"), "0123456789abcdef0123456789abcdef\n");
  // So that the journal outlives a boot.
  fs.mkdirSync(upper("var/log/journal"), { recursive: true });
}

const shellUnit = `[Unit]
Description=Commands of the tests
[Service]
ExecStart=/usr/lib/rig-shell
Environment=SYSTEMD_COLORS=0 SYSTEMD_PAGER=cat LC_ALL=C.UTF-8
`;

/** Reads \`NUMBER BASE64\`, runs that, and answers \`NUMBER CODE BASE64\`. */
const shellScript = `#!/bin/bash
stty -F /dev/ttyS1 raw -echo
exec 3<>/dev/ttyS1
echo ready >&3
while read -r -u 3 number command; do
  bash -c "$(base64 -d <<<"$command")" >/run/rig-output 2>&1 </dev/null 3>&-
  echo "$number $? $(base64 -w 0 /run/rig-output)" >&3
done
`;

/** Of no use on a machine that nobody sees. */
const uselessPlaces = ["var/cache/apt/archives", "var/lib/apt/lists", "usr/share/doc", "usr/share/locale"];
const toBuildWith = ["usr/lib/gcc", "usr/include", "usr/src/*", "usr/bin/*gcc*", "usr/bin/cc", "usr/bin/make"];
const ofBuilds = [
  ...toBuildWith,
  "usr/bin/*-ld",
  "usr/bin/ld",
  "usr/bin/as",
  "usr/sbin/dkms",
  "usr/lib/modules/*/build",
];

/** Fills an ext4 file from the merged tree. What is removed from it stays in the base. */
function makeFileSystem({ base, builds, image }: SystemdDiskOptions, place: { top: string; file: string }): void {
  const script = [
    "set -e",
    `cd ${place.top}`,
    `mount -t overlay overlay -o lowerdir=${base},upperdir=upper,workdir=work merged`,
    `depmod -b merged ${image.release}`,
    "cd merged",
    `rm -rf ${[...uselessPlaces, ...(builds ? [] : ofBuilds)].join(" ")}`,
    `truncate -s 2G ${place.file}`,
    `mke2fs -q -t ext4 -E root_owner=0:0 -d . ${place.file}`,
  ].join("\n");
  execFileSync("unshare", ["--mount", "--propagation", "private", "sh", "-c", script], { stdio: "pipe" });
}

/** ext4 looks for it by name, so that no dependency tells of it. */
const drivers = ["virtio_pci", "virtio_blk", "crc32c_generic", "ext4"];

/** An initramfs that mounts the disk and hands over to its systemd. */
function packDrivers(root: string, { busybox, image, upper }: SystemdDiskOptions & { upper: Upper }): string {
  for (const name of ["bin", "modules", "dev", "disk"]) fs.mkdirSync(path.join(root, name), { recursive: true });
  fs.copyFileSync(busybox, path.join(root, "bin/busybox"));
  const tree = upper("usr/lib/modules", image.release);
  const objects = loadOrder(fs.readFileSync(path.join(tree, "modules.dep"), "utf8"));
  for (const object of objects)
    fs.copyFileSync(path.join(tree, object), path.join(root, "modules", path.basename(object)));
  const init = [
    "#!/bin/busybox sh",
    "/bin/busybox mount -t devtmpfs dev /dev",
    ...objects.map((object) => `/bin/busybox insmod /modules/${path.basename(object)}`),
    "/bin/busybox mount -t ext4 /dev/vda /disk",
    "/bin/busybox mount -o move /dev /disk/dev",
    "exec /bin/busybox switch_root /disk /sbin/init",
  ];
  fs.writeFileSync(path.join(root, "init"), `${init.join("\n")}\n`, { mode: 0o755 });
  return packInitramfs(root);
}

/** Paths of the drivers' objects in the kernel's tree, each after those that it needs. */
function loadOrder(modulesDep: string): readonly string[] {
  const lines = modulesDep.split("\n").map((line) => line.split(/:? /).filter((word) => word !== ""));
  const needed = drivers.flatMap((name) => {
    const line = lines.find(([object]) => object && path.basename(object).startsWith(`${name}.ko`));
    if (!line) throw new Error(`the kernel has no module ${name}`);
    return line.toReversed();
  });
  return [...new Set(needed.map((object) => object.replace(/:$/, "")))];
}
