import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Place } from "./machine.ts";
import type { LinuxImage } from "./parts.ts";
import type { ProgramResult } from "./run-program.ts";

export interface DebianRoot {
  /** Where that which was written to a place lies. */
  readonly at: (place: Place | "/etc" | "/boot", ...names: readonly string[]) => string;
  /** Runs a program in the system. */
  readonly run: (command: readonly string[]) => ProgramResult;
  readonly remove: () => void;
}

export interface DebianRootOptions {
  /** The system that lies below; nothing is written to it. Several directories, the upper first, with colons between. */
  readonly base: string;
  readonly image: LinuxImage;
  /** `mok.key` and `mok.pub`. */
  readonly keys: string;
  /** What stands at /usr/sbin/dkms: a script of one file, or our program; default: what the package has. */
  readonly dkms?: { readonly script: string } | { readonly dist: string };
  /** Our program at /usr/bin/dkms-agent, with its hooks in /etc/kernel. */
  readonly agent?: { readonly dist: string; readonly hooks: string };
}

/** A Debian system of its own, with a kernel that depmod knows. Needs root. */
export function debianRoot({ base, image, keys, dkms, agent }: DebianRootOptions): DebianRoot {
  const top = fs.mkdtempSync(path.join(os.tmpdir(), "dkms-agent-debian-"));
  const upper = (...names: readonly string[]) => path.join(top, "upper", ...names);
  for (const name of ["merged", "work"]) fs.mkdirSync(path.join(top, name));
  for (const name of ["usr/sbin", "usr/bin", "opt", "var/lib/dkms", "usr/src", "etc/dkms"])
    fs.mkdirSync(upper(name), { recursive: true });
  fs.cpSync(keys, upper("var/lib/dkms"), { recursive: true });
  addModules(image, upper("usr/lib/modules", image.release));
  if (dkms && "script" in dkms) {
    fs.copyFileSync(dkms.script, upper("usr/sbin/dkms"));
    fs.chmodSync(upper("usr/sbin/dkms"), 0o755);
  } else if (dkms) {
    fs.cpSync(dkms.dist, upper("opt/dkms-agent"), { recursive: true });
    fs.symlinkSync("/opt/dkms-agent/cli.cjs", upper("usr/sbin/dkms"));
  }
  if (agent) {
    fs.cpSync(agent.dist, upper("opt/dkms-agent"), { recursive: true });
    fs.symlinkSync("/opt/dkms-agent/cli.cjs", upper("usr/bin/dkms-agent"));
    fs.cpSync(agent.hooks, upper("etc/kernel"), { recursive: true });
  }
  fs.writeFileSync(upper("usr/bin/node"), "");
  const script = [
    "set -e",
    `cd ${top}`,
    `mount -t overlay overlay -o lowerdir=${base},upperdir=${top}/upper,workdir=${top}/work merged`,
    "mount -t proc proc merged/proc",
    "mount --rbind /dev merged/dev",
    `mount --bind ${process.execPath} merged/usr/bin/node`,
    'exec chroot merged "$@"',
  ].join("\n");
  const isolated = ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "sh", "-c", script, "sh"];
  return {
    at: (place, ...names) => upper(place.replace(/^\/lib/, "/usr/lib"), ...names),
    run: (command) => {
      const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" };
      const { status, stdout, stderr } = spawnSync("unshare", [...isolated, ...command], { encoding: "utf8", env });
      return { exitCode: status ?? -1, stdout, stderr };
    },
    remove: () => fs.rmSync(top, { recursive: true, force: true }),
  };
}

/** Some of the kernel's own modules, among them those that the tested ones need, and a modules.dep to bring up to date. */
function addModules({ modules }: LinuxImage, directory: string): void {
  const core = "kernel/drivers/media/v4l2-core";
  fs.cpSync(path.join(modules, core), path.join(directory, core), { recursive: true });
  for (const file of ["modules.order", "modules.builtin"])
    fs.copyFileSync(path.join(modules, file), path.join(directory, file));
  fs.writeFileSync(path.join(directory, "modules.dep"), "");
}
