import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import type { Controller, PlayedBook } from "./ansible.ts";
import { type Machine, machine } from "./machine.ts";
import { quickModule } from "./quick-machine.ts";

/** A machine of its own on the real paths, on which a playbook can install the agent. */
export interface AnsibleHost extends Machine {
  /** Runs a playbook there. */
  readonly play: (file: string, ...words: readonly string[]) => Promise<PlayedBook>;
  /** Whether a place of the machine is there, or of its /etc and /var/lib. */
  readonly has: (place: string) => boolean;
}

/** Where the agent is installed: the machine's own /usr is that of everybody. */
const prefix = "/var/lib/agent";

/** A machine with one kernel, and with modules that build in no time, by name and version. */
export function ansibleHost(ansible: Controller, modules: Readonly<Record<string, string>>): AnsibleHost {
  const host = machine();
  const kernel = host.at("/lib/modules", "6.1.0-1-amd64");
  fs.mkdirSync(path.join(kernel, "build/include"), { recursive: true });
  for (const file of ["modules.dep", "modules.order", "modules.builtin"]) fs.writeFileSync(path.join(kernel, file), "");
  const at = (...parts: readonly string[]) => path.join(host.root, ...parts);
  for (const [name, version] of Object.entries(modules)) quickModule({ at }, name, { version });
  return {
    ...host,
    play: (file, ...words) =>
      ansible.play(file, ["--extra-vars", `dkms_agent_prefix=${prefix}`, ...words], { prefix: host.command([]) }),
    has: (place) =>
      [place, `overlays${place.replace(/^\/(etc|var\/lib)\//, "/$1/upper/")}`].some((one) =>
        exists(path.join(path.dirname(host.root), one)),
      ),
  };
}

function exists(place: string): boolean {
  return fs.lstatSync(place, { throwIfNoEntry: false })?.isCharacterDevice() === false;
}

/** What `npm pack` makes, without the library. Returns the file. */
export function packAgent(directory: string): string {
  const stage = path.join(directory, "stage/package");
  fs.mkdirSync(stage, { recursive: true });
  for (const name of ["dist", "packaging", "package.json"]) {
    fs.cpSync(path.join(import.meta.dirname, "../..", name), path.join(stage, name), { recursive: true });
  }
  const file = path.join(directory, "dkms-agent.tgz");
  execFileSync("tar", ["-czf", file, "-C", path.dirname(stage), "package"]);
  return file;
}
