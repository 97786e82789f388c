import path from "node:path";
import type { Host } from "../../host/host.ts";
import type { Command, CommandResult } from "../../host/run.ts";
import type { Failure } from "../failure.ts";
import { type ModuleId, moduleKey } from "../id.ts";
import { privateBuildsDirectory } from "../state-layout.ts";
import { buildDirectory } from "../tree-layout.ts";
import type { FileChanges } from "./file-changes.ts";

/** Where one build works. */
export interface Workspace {
  /** Where our own file operations find it. */
  readonly directory: string;
  /** Starts processes to which that directory is `<dkms tree>/<name>/<version>/build`. */
  readonly run: (command: Command) => Promise<CommandResult>;
  /** A failure that names the directory as the user knows it. */
  readonly publicly: (failure: Failure) => Failure;
  /** Whether make has worked there all the time: dell/dkms clears the public path at each build, whoever uses it. */
  readonly isIntact: () => boolean;
  readonly remove: () => void;
}

/**
 * Gives builds of one module that run side by side a directory each. Make and the scripts find it at the one path that
 * dkms.conf files know, since each build has a mount namespace of its own.
 */
export type PrivateBuilds = (host: Host, module: ModuleId, changes: FileChanges) => Workspace;

/** The usual workspace: the public path itself, which only one build of a module may use at a time. */
export function publicBuild(host: Host, module: ModuleId, changes: FileChanges): Workspace {
  const directory = buildDirectory(host.paths, module);
  host.files.remove(directory);
  let inUse = true;
  // A build that is taken back after its end leaves the directory to the one that uses it by then.
  const remove = () => {
    if (inUse) host.files.remove(directory);
    inUse = false;
  };
  changes.onRestore(remove);
  return { directory, run: host.run, publicly: (failure) => failure, isIntact: () => true, remove };
}

/** Private builds for one run; `undefined` where this host does not allow them, and builds must take turns. */
export async function openPrivateBuilds(host: Host): Promise<PrivateBuilds | undefined> {
  const probe = await host.run({ file: "unshare", args: [...ownNamespace, "true"], timeoutMs: probeTimeoutMs });
  if (probe.ending !== "exited" || probe.exitCode !== 0) return undefined;
  const mountPoints = countUsers(host);
  return (here, module, changes) => privateBuild(here, { module, changes, mountPoints });
}

const probeTimeoutMs = 10_000;

const ownNamespace = ["--mount", "--propagation", "private"];

/** Mounts the directory `$1` on the path `$2`, and becomes the command in the directory `$3`. */
const enterScript = 'mount --bind "$1" "$2" && cd "$3" && shift 3 && exec "$@"';

interface MountPoints {
  readonly use: (module: ModuleId) => void;
  readonly leave: (module: ModuleId) => void;
}

/**
 * The empty directories that the builds are mounted on. One must stay as long as any build of its module goes on:
 * removing it would take the mounts away in all namespaces.
 */
function countUsers({ files, paths }: Host): MountPoints {
  const users = new Map<string, number>();
  const usersOf = (module: ModuleId) => users.get(moduleKey(module)) ?? 0;
  return {
    use: (module) => {
      const place = buildDirectory(paths, module);
      if (usersOf(module) === 0) {
        files.remove(place);
        files.makeDirectory(place);
      }
      // Only now: what the file system has refused is tried again by the next one.
      users.set(moduleKey(module), usersOf(module) + 1);
    },
    leave: (module) => {
      users.set(moduleKey(module), usersOf(module) - 1);
      if (usersOf(module) === 0) files.remove(buildDirectory(paths, module));
    },
  };
}

interface PrivateRequest {
  readonly module: ModuleId;
  readonly changes: FileChanges;
  readonly mountPoints: MountPoints;
}

function privateBuild(host: Host, { module, changes, mountPoints }: PrivateRequest): Workspace {
  const { files, paths, run } = host;
  const place = buildDirectory(paths, module);
  mountPoints.use(module);
  let inUse = true;
  let scratch: string | undefined;
  const remove = () => {
    if (scratch !== undefined) files.remove(scratch);
    if (inUse) mountPoints.leave(module);
    inUse = false;
  };
  changes.onRestore(remove);
  const all = privateBuildsDirectory(paths);
  files.makeDirectory(all);
  scratch = files.makeTemporaryDirectory(`${all}/`);
  const own = path.join(scratch, path.basename(place));
  const publicText = (text: string) => text.replaceAll(own, place);
  const mountPoint = files.lstat(place);
  return {
    directory: own,
    run: (command) => run(enter(command, { own, place, publicText })),
    publicly: (failure) => ({
      ...failure,
      message: publicText(failure.message),
      ...(failure.path !== undefined && { path: publicText(failure.path) }),
    }),
    isIntact: () => {
      const now = files.lstat(place);
      return now !== undefined && now.inode === mountPoint?.inode && now.ctimeMs === mountPoint.ctimeMs;
    },
    remove,
  };
}

interface Mount {
  readonly own: string;
  readonly place: string;
  readonly publicText: (text: string) => string;
}

/** The name of the private directory is random, so that every mention of it can only mean the directory. */
function enter(command: Command, { own, place, publicText }: Mount): Command {
  const { file, args, cwd = "/", env = {} } = command;
  const inside = [publicText(cwd), publicText(file), ...args.map(publicText)];
  return {
    ...command,
    file: "unshare",
    args: [...ownNamespace, "sh", "-c", enterScript, "sh", own, place, ...inside],
    cwd: "/",
    env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, publicText(value)])),
  };
}
