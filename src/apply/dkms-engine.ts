import { type FailureCode, fail, type Result, succeed } from "../dkms/failure.ts";
import { type InstanceId, instanceAddress, type ModuleId, moduleKey } from "../dkms/id.ts";
import { noteStillLoaded } from "../dkms/still-loaded.ts";
import { buildLog, moduleObjectsDirectory } from "../dkms/tree-layout.ts";
import { logLimit, mostReadOfLog, tellingLines } from "../dkms/verbs/build-log.ts";
import { type Done, noUndo } from "../dkms/verbs/verb.ts";
import { wantOfMemory } from "../dkms/want-of-memory.ts";
import type { Host } from "../host/host.ts";
import { monotonicMs } from "../host/monotonic-ms.ts";
import { builtInEngine } from "./built-in-engine.ts";
import type { Engine } from "./engine.ts";
import { recordDkmsBuild } from "./record-dkms-build.ts";

/**
 * The host's own `dkms` command for every kind of step that it knows (`apply --engine dkms`). Copying a source, loading
 * archives, repairing and depmod stay ours: dkms has no command for the first and the third, cannot load a binary on a host
 * without the source, nor one of several kernels, and runs depmod once for every module. What dkms has
 * done cannot be taken back byte for byte; where a new version cannot be installed, the old one is installed again.
 */
export const dkmsEngine: Engine = {
  ...builtInEngine,
  add: (host, step, options) =>
    step.source === undefined && step.tarball === undefined
      ? dkms(host, { words: ["add", ...ofModule(step.module)], about: moduleKey(step.module) })
      : builtInEngine.add(host, step, options),
  build: async (host, { instance, directives, timeoutMs, replace }, { jobs, buildTimeoutMs, policy }) => {
    const force = replace ? ["--force"] : [];
    const words = ["build", ...ofInstance(instance), "-j", String(jobs), ...force, ...withDirectives(directives)];
    const about = instanceAddress(instance);
    const started = monotonicMs();
    const timeout = timeoutMs ?? buildTimeoutMs;
    const done = await dkms(host, { words, about, instance, timeoutMs: timeout, isBuild: true });
    const durationMs = Math.round(monotonicMs() - started);
    if (done.ok) await recordDkmsBuild(host, { instance, directives, durationMs, signing: policy.signing });
    return done;
  },
  install: async (host, { instance, directives, replaces }) => {
    for (const version of replaces) {
      const old = { module: version, kernel: instance.kernel };
      const gone = await dkms(host, {
        words: ["uninstall", ...ofInstance(old)],
        about: instanceAddress(old),
        instance: old,
      });
      if (!gone.ok) return gone;
    }
    const words = ["install", ...ofInstance(instance), ...withDirectives(directives)];
    const done = await dkms(host, { words, about: instanceAddress(instance), instance });
    if (done.ok) return done;
    for (const version of replaces) {
      const old = { module: version, kernel: instance.kernel };
      await dkms(host, { words: ["install", ...ofInstance(old)], about: instanceAddress(old), instance: old });
    }
    return done;
  },
  uninstall: async (host, { instance }) => {
    const built = (host.files.list(moduleObjectsDirectory(host.paths, instance)) ?? []).map(({ name }) => name);
    const takeBack = noteStillLoaded(host, { name: instance.module.name, kernel: instance.kernel }, built);
    const words = ["uninstall", ...ofInstance(instance)];
    const done = await dkms(host, { words, about: instanceAddress(instance), instance });
    if (!done.ok) takeBack();
    return done;
  },
  unbuild: (host, { instance }) =>
    dkms(host, { words: ["unbuild", ...ofInstance(instance)], about: instanceAddress(instance), instance }),
  remove: (host, { module }) =>
    dkms(host, { words: ["remove", ...ofModule(module), "--all"], about: moduleKey(module) }),
};

interface DkmsRun {
  readonly words: readonly string[];
  readonly about: string;
  readonly instance?: InstanceId;
  readonly timeoutMs?: number;
  /** It writes a log, which may grow without end. */
  readonly isBuild?: boolean;
}

const defaultTimeoutMs = 30 * 60_000;

function ofModule({ name, version }: ModuleId): readonly string[] {
  return ["-m", name, "-v", version];
}

/** depmod is a step of its own. */
function ofInstance({ module, kernel }: InstanceId): readonly string[] {
  return [...ofModule(module), "-k", `${kernel.release}/${kernel.arch}`, "--no-depmod"];
}

function withDirectives(directives: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(directives).flatMap(([name, value]) => ["--directive", `${name}=${value}`]);
}

async function dkms(
  host: Host,
  { words, about, instance, timeoutMs = defaultTimeoutMs, isBuild = false }: DkmsRun,
): Promise<Result<Done>> {
  const { dkmsTree, sourceTree, installTree } = host.paths;
  const trees = ["--dkmstree", dkmsTree, "--sourcetree", sourceTree, "--installtree", installTree];
  const flood = isBuild && instance ? { ownLog: buildLog(host.paths, instance.module), logLimit } : {};
  const result = await host.run({ file: "dkms", args: [...words, ...trees], timeoutMs, ...flood });
  const [verb] = words;
  switch (result.ending) {
    case "exited":
    case "killed":
      break;
    case "missing":
      return fail("E_NO_TOOL", "There is no dkms on this host.", {
        remedy: "Install the package dkms, or leave out --engine dkms: the built-in engine needs none.",
      });
    case "timeout":
      return fail("E_TIMEOUT", `dkms ${verb} ${about} was ended: its time was over.`, {
        remedy: "See in its log where it hung, or give it a longer timeout.",
      });
    case "cancelled":
      return fail("E_CANCELLED", `The run was stopped during dkms ${verb} ${about}.`);
    case "flood": {
      const log = logOf(host, instance);
      const message = `dkms ${verb} ${about} wrote more than ${logLimit >> 20} MiB into its log, and was ended.`;
      const remedy = "See in the log what it writes again and again.";
      return fail("E_MAKE", message, { remedy, dkmsExit: 10, ...(log && { log }) });
    }
  }
  if (result.exitCode === 0) return succeed({ changed: true, notices: [], undo: noUndo });
  const said = result.stderr.trim().split("\n").at(-1) ?? "";
  const log = logOf(host, instance);
  const written = isBuild ? (log?.tail ?? []) : [];
  const starved = wantOfMemory(result, `dkms ${verb} ${about}`, [result.stderr, ...written].join("\n"));
  if (starved) return { ok: false, error: { ...starved, dkmsExit: result.exitCode, ...(log && { log }) } };
  return fail(codes[result.exitCode] ?? "E_DKMS", `dkms ${verb} ${about} ended with ${result.exitCode}: ${said}`, {
    dkmsExit: result.exitCode,
    remedy: `Run it by hand to see everything it says: dkms ${words.join(" ")}`,
    ...(log && { log }),
  });
}

/** dell/dkms's exit codes that say the same as one of our codes, for the verbs that are used here. */
const codes: Readonly<Record<number, FailureCode>> = {
  8: "E_CONF_INVALID",
  10: "E_MAKE",
  13: "E_DEPENDENCY",
  21: "E_NO_HEADERS",
  77: "E_EXCLUDED",
  101: "E_SCRIPT",
};

/** A failed build of dkms leaves its log in the build directory. */
function logOf({ files, paths }: Host, instance: InstanceId | undefined) {
  const path = instance && buildLog(paths, instance.module);
  const text = path && files.readEnds(path, mostReadOfLog);
  return path && text ? { path, tail: tellingLines(text) } : undefined;
}
