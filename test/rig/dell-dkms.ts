import { spawnSync } from "node:child_process";
import fs from "node:fs";
import type { Dkms } from "./parts.ts";
import type { TreeBuilder } from "./tree-builder.ts";

export interface DellDkms {
  /** The copy of the script. */
  readonly script: string;
  readonly run: (args: readonly string[]) => {
    readonly exitCode: number;
    readonly stdout: string;
    readonly stderr: string;
  };
}

/**
 * dell/dkms with its fixed places (/etc/dkms, /var/lib/dkms, /etc/os-release, …) inside a root, by a copy of the script in
 * which they are written so. The environment is clean.
 */
export function dellDkms({ script }: Dkms, { root, at }: Pick<TreeBuilder, "root" | "at">): DellDkms {
  const places =
    /(?<![\w/])\/(etc\/(dkms|os-release|sysconfig)|usr\/lib\/os-release|var\/lib\/(dkms|shim-signed)|usr\/src)\b/g;
  const text = fs.readFileSync(script, "utf8").replace(places, (place) => `${root}${place}`);
  const copy = at("dkms-inside-root");
  fs.writeFileSync(copy, text);
  fs.chmodSync(copy, 0o755);
  return {
    script: copy,
    run: (args) => {
      const { status, stdout, stderr } = spawnSync("bash", [copy, ...args], {
        encoding: "utf8",
        env: { PATH: process.env.PATH, LC_ALL: "C" },
        cwd: "/",
      });
      return { exitCode: status ?? -1, stdout, stderr };
    },
  };
}
