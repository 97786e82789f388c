import fs from "node:fs";
import path from "node:path";
import { type AgentRoot, cli } from "./agent.ts";
import { machine } from "./machine.ts";
import { quickMachine } from "./quick-machine.ts";
import type { ProgramResult } from "./run-program.ts";

const packaging = path.join(import.meta.dirname, "../../packaging");

/** A machine on the real paths with our kernel hooks, and kernels for which modules of no compiler can be made. */
export interface HookedMachine extends Pick<AgentRoot, "at" | "want"> {
  readonly release: string;
  /** As dpkg calls the scripts of a directory in /etc/kernel. */
  readonly runParts: (directory: HookDirectory, environment?: Readonly<Record<string, string>>) => ProgramResult;
  /** Runs a program there. */
  readonly run: (...words: readonly string[]) => ProgramResult;
  /** Puts a script of /bin/sh where programs are looked for first. */
  readonly program: (name: string, script: string) => void;
  readonly settings: (text: string) => void;
  readonly headers: { readonly take: () => void; readonly bring: () => void };
  readonly remove: () => void;
}

export type HookDirectory = "postinst.d" | "header_postinst.d" | "prerm.d";

/** The plugin for kernel-install. */
export const installPlugin = path.join(packaging, "kernel-install/45-dkms-agent.install");

/** A machine with two kernels, of which the hooks are called for the newer one. Needs root. */
export function hookedMachine(release = "6.1.0-2-amd64"): HookedMachine {
  const { root, run, remove } = machine();
  const { at, want } = quickMachine(["6.1.0-1-amd64", release], root);
  fs.cpSync(path.join(packaging, "kernel-hooks"), at("etc/kernel"), { recursive: true });
  for (const directory of ["boot", "bin"]) fs.mkdirSync(at(directory));
  const program = (name: string, script: string) =>
    fs.writeFileSync(at("bin", name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  program("dkms-agent", `exec ${process.execPath} ${cli} "$@"`);
  const mounts = ["etc/dkms-agent", "etc/kernel", "boot"].map(
    (place) => `mkdir -p /${place}; mount --bind ${at(place)} /${place}`,
  );
  const prelude = ["set -e", ...mounts, `PATH=${at("bin")}:$PATH`, 'exec "$@"'].join("\n");
  const here = (...words: readonly string[]) => run(["sh", "-c", prelude, "sh", ...words]);
  const image = ["--arg", release, "--arg", `/boot/vmlinuz-${release}`];
  const build = at("lib/modules", release, "build");
  return {
    at,
    want,
    release,
    program,
    run: here,
    runParts: (directory, environment = { DEB_MAINT_PARAMS: directory === "prerm.d" ? "remove" : "configure" }) => {
      const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
      const words = directory === "header_postinst.d" ? ["--arg", release] : image;
      return here(
        "env",
        ...variables,
        "run-parts",
        "--report",
        "--exit-on-error",
        ...words,
        `/etc/kernel/${directory}`,
      );
    },
    settings: (text) => fs.writeFileSync(at("etc/dkms-agent/config.yaml"), text),
    headers: { take: () => fs.renameSync(build, `${build}.away`), bring: () => fs.renameSync(`${build}.away`, build) },
    remove,
  };
}
