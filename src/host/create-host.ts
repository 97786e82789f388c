import { setMaxListeners } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import type { Files } from "./files.ts";
import type { Host, Machine, Paths } from "./host.ts";
import { localFiles } from "./local-files.ts";
import { monotonicMs } from "./monotonic-ms.ts";
import type { Run } from "./run.ts";
import { newMark } from "./run-mark.ts";
import type { RunSettings } from "./start-process.ts";

/** What the command line may say about the places; each absolute or relative to the working directory. */
export interface HostOptions {
  readonly root?: string;
  readonly dkmsTree?: string;
  readonly sourceTree?: string;
  readonly installTree?: string;
  /** As Paths.headers and Paths.kernelConfig; relative to the working directory. */
  readonly headers?: string;
  readonly kernelConfig?: string;
  /** As Paths.addonModules. Default: ADDON_MODULES_DIR of the process's environment. */
  readonly addonModules?: string;
  readonly signal?: AbortSignal;
  readonly files?: Files;
  readonly run?: Run;
  readonly clock?: () => Date;
  readonly pause?: Host["pause"];
  readonly machine?: Partial<Machine>;
  /** Where programs are looked for. Default: the process's PATH, completed by the standard directories. */
  readonly searchPath?: string;
}

/**
 * This machine as a {@link Host}. The three trees default to their places below the root (/var/lib/dkms, /usr/src,
 * /lib/modules); a tree that is named by itself is taken as it stands, except that under another root it must lie inside
 * that root.
 */
export function createHost(options: HostOptions = {}): Host {
  const root = path.resolve(options.root ?? "/");
  const { signal = new AbortController().signal, searchPath = standardSearchPath() } = options;
  const mark = newMark();
  // Every process and every wait for a job slot listens for it: many are no sign of a leak, of which Node would warn.
  setMaxListeners(0, signal);
  return {
    root,
    paths: choosePaths(root, options),
    files: options.files ?? localFiles,
    run: options.run ?? runLate({ searchPath, signal, mark }),
    findProgram: (name) => findProgram(name, searchPath),
    mark,
    signal,
    clock: options.clock ?? (() => new Date()),
    pause: options.pause ?? pause,
    machine: { ...observeMachine(root), ...options.machine },
  };
}

/** A timer of Node's goes by a clock of whole milliseconds, which may lag by another: it can go off early. */
async function pause(ms: number): Promise<void> {
  const end = monotonicMs() + Math.ceil(ms);
  for (let left = ms; left > 0; left = end - monotonicMs()) await setTimeout(Math.ceil(left));
}

/** Most commands start no process, and so need not wait for what starts them. */
function runLate(settings: RunSettings): Run {
  let run: Promise<Run> | undefined;
  return async (command) => {
    run ??= import("./start-process.ts").then(({ createRun }) => createRun(settings));
    return (await run)(command);
  };
}

function choosePaths(root: string, options: HostOptions): Paths {
  const below = (place: string) => path.join(root, place);
  const tree = (given: string | undefined, place: string) => (given === undefined ? below(place) : inRoot(root, given));
  const dkmsTree = tree(options.dkmsTree, "/var/lib/dkms");
  return {
    dkmsTree,
    sourceTree: tree(options.sourceTree, "/usr/src"),
    installTree: tree(options.installTree, "/lib/modules"),
    dkmsSettings: below("/etc/dkms"),
    osRelease: below("/etc/os-release"),
    boot: below("/boot"),
    usr: below("/usr"),
    moduleToolsSettings: below("/etc/sysconfig/module-init-tools"),
    headers: options.headers === undefined ? undefined : path.resolve(options.headers),
    kernelConfig: options.kernelConfig === undefined ? undefined : path.resolve(options.kernelConfig),
    addonModules: options.addonModules ?? (process.env.ADDON_MODULES_DIR || undefined),
    loaded: below("/sys/module"),
    state: path.join(dkmsTree, ".dkms-agent"),
  };
}

/** Nothing outside the root is ever written: a tree that lies elsewhere is read as a path inside it. */
function inRoot(root: string, given: string): string {
  const absolute = path.resolve(given);
  const inside = root === "/" || absolute === root || absolute.startsWith(`${root}/`);
  return inside ? absolute : path.join(root, absolute);
}

function observeMachine(root: string): Machine {
  return {
    arch: os.machine(),
    runningKernel: root === "/" ? os.release() : undefined,
    uid: process.geteuid?.() ?? 0,
    processors: os.availableParallelism(),
  };
}

const standardDirectories = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** cron and some systemd units have no sbin in PATH, where depmod lives; a relative entry has no place in a root's. */
function standardSearchPath(): string {
  const given = (process.env.PATH ?? "").split(":").filter((directory) => directory.startsWith("/"));
  return [...new Set([...given, ...standardDirectories])].join(":");
}

function findProgram(name: string, searchPath: string): string | undefined {
  const candidates = name.includes("/") ? [name] : searchPath.split(":").map((directory) => path.join(directory, name));
  return candidates.find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}
