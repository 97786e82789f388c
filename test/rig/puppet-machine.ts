import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { cli } from "./agent.ts";
import { type Machine, machine } from "./machine.ts";
import type { ProgramResult } from "./run-program.ts";

const project = path.join(import.meta.dirname, "../..");

/** The Puppet module of this project. */
export const puppetModule = path.join(project, "integrations/puppet");

/**
 * A machine of its own on the real paths, whose kernels have headers in name alone, with the program where npm puts it, the
 * Puppet module, and a systemctl that tells what it was asked.
 */
export interface PuppetMachine {
  /** Where that which is written to a place of DKMS lies: `at("usr/src", "hello-1.0")`. */
  readonly at: (...names: readonly string[]) => string;
  /** Where that which is written below /etc lies. */
  readonly etc: (...names: readonly string[]) => string;
  /** `puppet apply --detailed-exitcodes` of a manifest, with further options. */
  readonly apply: (manifest: string, ...options: readonly string[]) => ProgramResult;
  /** As {@link apply}, with the facts of the real machine, which take Puppet a second to gather. */
  readonly applyWithFacts: (manifest: string, ...options: readonly string[]) => ProgramResult;
  /** `puppet resource dkms_module`, with further words. */
  readonly resource: (...words: readonly string[]) => ProgramResult;
  /** Runs dkms-agent. */
  readonly agent: (...words: readonly string[]) => ProgramResult;
  /** What systemctl was asked, one line each. */
  readonly systemctl: () => readonly string[];
  readonly remove: () => void;
}

/** The kernels of a {@link puppetMachine}; the one that runs is the last and the newest. */
export const kernels: readonly [string, string, string] = ["6.1.0-1-amd64", "6.1.0-2-amd64", os.release()];

export function puppetMachine(): PuppetMachine {
  const bare = machine();
  const top = path.dirname(bare.root);
  const at = (...names: readonly string[]) => path.join(bare.root, ...names);
  for (const release of kernels) addKernel(at("lib/modules", release));
  const local = path.join(top, "local");
  installProgram(local);
  fs.copyFileSync("/bin/sh", path.join(top, "systemd"));
  fs.mkdirSync(path.join(top, "modules"));
  fs.symlinkSync(puppetModule, path.join(top, "modules/dkms_agent"));
  const names = ["confdir", "vardir", "rundir", "logdir", "publicdir"];
  const places = names.flatMap((name) => [`--${name}`, path.join(top, name)]);
  const puppet = (command: string, ...words: readonly string[]) =>
    [
      "puppet",
      command,
      ...places,
      ...["--modulepath", path.join(top, "modules")],
      // What Puppet 7 warns of, and Puppet 8 refuses.
      ...["--strict", "error"],
      ...["--color", "false"],
      ...words,
    ] as const;
  const run = (words: readonly string[]) => runThere(bare, { top, local }, words);
  const write = (manifest: string) => {
    const file = path.join(top, "site.pp");
    fs.writeFileSync(file, manifest);
    return file;
  };
  const etc = (...names: readonly string[]) => path.join(top, "overlays/etc/upper", ...names);
  const applyWithFacts = (manifest: string, ...options: readonly string[]) =>
    run(puppet("apply", "--detailed-exitcodes", ...options, write(manifest)));
  return {
    at,
    etc,
    apply: (manifest, ...options) => applyWithFacts(manifest, "--facts_terminus", "yaml", ...options),
    applyWithFacts,
    resource: (...words) => run(puppet("resource", "dkms_module", ...words)),
    agent: (...words) => run(["dkms-agent", ...words]),
    systemctl: () => fs.readFileSync(etc("systemctl.log"), "utf8").trim().split("\n"),
    remove: bare.remove,
  };
}

function addKernel(directory: string): void {
  fs.mkdirSync(path.join(directory, "build/include"), { recursive: true });
  for (const file of ["modules.dep", "modules.order", "modules.builtin"])
    fs.writeFileSync(path.join(directory, file), "");
}

function installProgram(local: string): void {
  for (const name of ["bin", "lib/node_modules"]) fs.mkdirSync(path.join(local, name), { recursive: true });
  fs.symlinkSync(project, path.join(local, "lib/node_modules/dkms-agent"));
  const script = `#!/bin/sh\nexec ${process.execPath} ${cli} "$@"\n`;
  fs.writeFileSync(path.join(local, "bin/dkms-agent"), script, { mode: 0o755 });
  fs.writeFileSync(path.join(local, "bin/systemctl"), systemctl, { mode: 0o755 });
}

/** Answers what Puppet's provider asks, and keeps in files what it is told. */
const systemctl = `#!/bin/sh
state=/etc/systemctl
mkdir -p $state
echo "$*" >> $state.log
for unit; do :; done
case $1 in
is-active) [ -e $state/active-$unit ] && echo active || { echo inactive; exit 3; } ;;
is-enabled) [ -e $state/enabled-$unit ] && echo enabled || { echo disabled; exit 1; } ;;
start | restart) touch $state/active-$unit ;;
enable) touch $state/enabled-$unit ;;
disable) rm -f $state/enabled-$unit $state/active-$unit ;;
show) echo NeedDaemonReload=yes ;;
esac
`;

/** Puppet takes the machine for one with systemd, since the first process is called so. */
function runThere(bare: Machine, { top, local }: Readonly<Record<"top" | "local", string>>, words: readonly string[]) {
  const work = path.join(top, "local-work");
  fs.mkdirSync(work, { recursive: true });
  const mount = `mount -t overlay overlay -o lowerdir=/usr/local,upperdir=${local},workdir=${work} /usr/local`;
  const first = ["unshare", "--pid", "--fork", "--mount-proc", path.join(top, "systemd"), "-c", '"$@"; exit $?', "sh"];
  return bare.run(["sh", "-c", `${mount} && exec "$@"`, "sh", ...first, "env", "LC_ALL=C.UTF-8", ...words]);
}
