import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { assertProgramContract } from "./json-contract.ts";
import type { ProgramResult } from "./run-program.ts";

/** The places of DKMS on every machine. */
export type Place = "/var/lib/dkms" | "/etc/dkms" | "/usr/src" | "/lib/modules";

export interface MachineOptions {
  /** Directories whose content a place shows below what is written to it; the machine's own only if it is named. */
  readonly layers?: Readonly<Partial<Record<"/usr/src" | "/lib/modules", readonly string[]>>>;
}

/**
 * A machine of its own on the real paths: programs see the real /var/lib/dkms, /etc/dkms, /usr/src and /lib/modules
 * replaced by directories of the test, in a mount namespace. So dell/dkms runs as it is, unchanged and without options,
 * and two machines give the same paths to what is built. Needs root.
 */
export interface Machine {
  /** The directory below which the places are: `at("/usr/src")` is `usr/src` below it. */
  readonly root: string;
  /** Where that which is written to a place really lies: `at("/var/lib/dkms", "hello")`. */
  readonly at: (place: Place, ...names: readonly string[]) => string;
  /** Runs a program with a clean environment; whatever it leaves running ends with it. */
  readonly run: (command: readonly string[]) => ProgramResult;
  /** The words that run a program there, for who wants to start it in another way. */
  readonly command: (command: readonly string[]) => readonly [string, ...string[]];
  readonly remove: () => void;
}

/** A machine where nothing is in the four places but what the layers show. */
export function machine({ layers = {} }: MachineOptions = {}): Machine {
  const top = fs.mkdtempSync(path.join(os.tmpdir(), "dkms-agent-machine-"));
  const at = (place: Place, ...names: readonly string[]) => path.join(top, "places", place, ...names);
  for (const place of places) fs.mkdirSync(at(place), { recursive: true });
  // Debian's rpm, which dell/dkms asks where the distribution has it, keeps its packages in the home directory.
  const ofRpm = work(top, "/etc/upper/rpm");
  fs.writeFileSync(path.join(ofRpm, "macros"), "%_dbpath /var/lib/rpm\n");
  const script = [
    "set -e",
    // Places in the first two need not exist, and nothing may be made in the machine's own /etc.
    ...["/etc", "/var/lib"].map((parent) =>
      overlay(top, parent, { upper: work(top, `${parent}/upper`), lower: [parent] }),
    ),
    ...places.map((place) => mountOf(top, place, { upper: at(place), lower: lowerOf(layers, place) })),
    '"$@"',
  ].join("\n");
  return {
    root: path.join(top, "places"),
    at,
    command: (command) => isolated(script, command),
    run: (command) => {
      const result = runIsolated(top, isolated(script, command));
      if (result.exitCode >= 0) assertProgramContract(command, result.stdout);
      return result;
    },
    remove: () => fs.rmSync(top, { recursive: true, force: true }),
  };
}

const places: readonly Place[] = ["/var/lib/dkms", "/etc/dkms", "/usr/src", "/lib/modules"];

function lowerOf(layers: NonNullable<MachineOptions["layers"]>, place: Place): readonly string[] {
  return place === "/usr/src" || place === "/lib/modules" ? (layers[place] ?? []) : [];
}

interface Layers {
  readonly upper: string;
  readonly lower: readonly string[];
}

function mountOf(top: string, place: string, { upper, lower }: Layers): string {
  if (lower.length > 0) return overlay(top, place, { upper, lower });
  return `mkdir -p ${place}\nmount --bind ${upper} ${place}`;
}

function overlay(top: string, place: string, { upper, lower }: Layers): string {
  const options = `lowerdir=${lower.join(":")},upperdir=${upper},workdir=${work(top, `${place}/work`)}`;
  return `mount -t overlay overlay -o ${options} ${place}`;
}

function work(top: string, name: string): string {
  const directory = path.join(top, "overlays", name);
  fs.mkdirSync(directory, { recursive: true });
  return directory;
}

function isolated(script: string, command: readonly string[]): readonly [string, ...string[]] {
  const namespaces = ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc"];
  return ["unshare", ...namespaces, "sh", "-c", script, "sh", ...command];
}

/** Output goes to files: a process that outlives the program would hold a pipe open. */
function runIsolated(top: string, [program, ...args]: readonly [string, ...string[]]): ProgramResult {
  const files = ["stdout", "stderr"].map((name) => path.join(top, name));
  const open = files.map((file) => fs.openSync(file, "w"));
  try {
    const { status, error } = spawnSync(program, args, {
      stdio: ["ignore", ...open],
      env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", HOME: "/root" },
      cwd: "/",
    });
    if (error) throw error;
    const [stdout = "", stderr = ""] = files.map((file) => fs.readFileSync(file, "utf8"));
    return { exitCode: status ?? -1, stdout, stderr };
  } finally {
    for (const file of open) fs.closeSync(file);
  }
}
