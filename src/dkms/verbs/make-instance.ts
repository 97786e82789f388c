import path from "node:path";
import { copyTree } from "../../host/copy-tree.ts";
import type { Host } from "../../host/host.ts";
import { monotonicMs } from "../../host/monotonic-ms.ts";
import { isSystemError } from "../../host/system-error.ts";
import {
  type BuildRecord,
  formatBuildRecord,
  installRules,
  type RecordedObject,
  type SupersededObject,
} from "../build-record.ts";
import { fail, type Result, succeed } from "../failure.ts";
import { instanceAddress } from "../id.ts";
import { ioFailure } from "../io-failure.ts";
import { instanceEnvironment, runScript } from "../run-script.ts";
import { failedBuildLog } from "../state-layout.ts";
import {
  buildDirectory,
  buildRecordName,
  dependencyMark,
  instanceDirectory,
  releaseDirectory,
  stagingPrefix,
} from "../tree-layout.ts";
import type { BuildJob, Making } from "./build-job.ts";
import { keepLog, openBuildLog } from "./build-log.ts";
import { checkCopy } from "./check-copy.ts";
import { type CollectedObjects, collectObjects } from "./collect-objects.ts";
import { compile } from "./compile.ts";
import type { FileChanges } from "./file-changes.ts";
import { findSuperseded, withoutEqual } from "./find-superseded.ts";
import { copyLinkedObjects, findLinkedObjects, relinkObjects } from "./linked-objects.ts";
import { builtMeanwhile, isBuilt } from "./tree-checks.ts";
import type { Outcome } from "./with-undo.ts";
import { publicBuild, type Workspace } from "./workspace.ts";

/**
 * Copies the source, compiles, collects and puts a build in its place; keeps the log of a failure. Holds a job slot
 * until it is compiled: what comes after goes on beside the next build.
 */
export async function makeInstance(host: Host, job: BuildJob, changes: FileChanges): Promise<Result<Outcome>> {
  const { instance, options } = job;
  const { pool, alone } = options;
  const slot = pool ? await (alone ? pool.takeAll() : pool.take()) : { giveBack: () => {} };
  if (!slot) return fail("E_CANCELLED", `The run was stopped before the build of ${instanceAddress(instance)}.`);
  let compiling = true;
  const compiled = () => {
    if (compiling) slot.giveBack();
    compiling = false;
  };
  try {
    return await makeIn(openWorkspace(host, job, changes), { host, job, changes, compiled });
  } finally {
    compiled();
  }
}

type Request = Pick<Making, "host" | "job" | "changes" | "compiled">;

async function makeIn(workspace: Workspace, request: Request): Promise<Result<Outcome>> {
  const { host, job, changes } = request;
  const { instance } = job;
  clearScratch(host, job);
  copyTree(host.files, host.files.realPath(job.source) ?? job.source, workspace.directory, { durable: false });
  const changed = checkCopy(host, { source: job.source, copy: workspace.directory, digest: job.inputs.source });
  if (changed) return changed;
  const log = openBuildLog({ ...host, run: workspace.run }, path.join(workspace.directory, "make.log"), instance);
  const env = { ...instanceEnvironment(instance), ...job.toolchain.env };
  const making = { ...request, workspace, log, env, timeLeft: stopwatch(job) };
  const result = await orFailure(`build ${instanceAddress(instance)}`, () => runBuild(making));
  if (!result.ok) return { ok: false, error: keepLog(host, instance, log, workspace.publicly(result.error)) };
  workspace.remove();
  changes.onCommit(() => host.files.remove(failedBuildLog(host.paths, instance)));
  return result;
}

function openWorkspace(host: Host, { instance, options }: BuildJob, changes: FileChanges): Workspace {
  return (options.privateBuilds ?? publicBuild)(host, instance.module, changes);
}

const defaultTimeoutMs = 30 * 60_000;

/** The clock on the wall may be set while a build goes on. */
function stopwatch({ options }: BuildJob): () => number {
  const end = monotonicMs() + (options.timeoutMs ?? defaultTimeoutMs);
  return () => Math.max(1, end - monotonicMs());
}

/** What a killed build of the same instance left behind. */
function clearScratch({ files, paths }: Host, { instance }: BuildJob): void {
  const prefix = stagingPrefix(paths, instance);
  for (const { name } of files.list(path.dirname(prefix)) ?? [])
    if (name.startsWith(path.basename(prefix))) files.remove(path.join(path.dirname(prefix), name));
  const place = instanceDirectory(paths, instance);
  if (files.lstat(place)?.kind === "link") files.remove(place);
}

/** The log must be kept also when the operating system ends the build: before everything is taken back. */
async function orFailure<T>(doing: string, work: () => Promise<Result<T>>): Promise<Result<T>> {
  try {
    return await work();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return ioFailure(error, doing);
  }
}

async function runBuild(making: Making): Promise<Result<Outcome>> {
  const { host, job, changes } = making;
  const { instance } = job;
  const started = monotonicMs();
  const compiled = await compile(making);
  making.compiled();
  if (!making.workspace.isIntact() || !making.log.isIntact()) return trampled(making);
  if (!compiled.ok) return compiled;
  changes.makeDirectory(releaseDirectory(host.paths, instance.module, instance.kernel.release));
  const staging = host.files.makeTemporaryDirectory(stagingPrefix(host.paths, instance));
  changes.onRestore(() => host.files.remove(staging));
  host.files.setMode(staging, 0o755);
  const objects = await collectObjects(making, staging);
  if (!objects.ok) return objects;
  if (isBuilt(host, instance) && !job.options.replace) return builtMeanwhile(host, instance);
  const place = instanceDirectory(host.paths, instance);
  const superseded = findSuperseded(host, instance, job.conf);
  const links = findLinkedObjects(host, instance);
  copyLinkedObjects(host, { instance, links }, changes);
  const finished = await runPostBuild(making, staging);
  if (!finished.ok) return finished;
  const durationMs = Math.round(monotonicMs() - started);
  completeStaging(making, staging, { ...objects.value, superseded, durationMs });
  if (host.files.lstat(place) !== undefined) changes.moveAway(place);
  changes.rename(staging, place);
  relinkObjects(host, { instance, links }, changes);
  const said = [...compiled.value, ...objects.value.notices, ...finished.value];
  return succeed({ changed: true, notices: [...job.conf.notices, ...said] });
}

function trampled({ host, job }: Making): Result<never> {
  const path = buildDirectory(host.paths, job.instance.module);
  return fail(
    "E_PRECONDITION",
    `Somebody else has cleared ${path} during the build of ${instanceAddress(job.instance)}.`,
    {
      path,
      remedy: "Mostly dkms was called meanwhile. Run it again when nobody else builds the module.",
    },
  );
}

/**
 * POST_BUILD scripts look for the objects in their final place, where dell/dkms has put them by then. Until the build is
 * complete, that place is only a link to the staging directory: whoever finds it after a crash knows that it is no build.
 */
async function runPostBuild(making: Making, staging: string): Promise<Result<readonly string[]>> {
  const { host, job, changes, workspace, env, log } = making;
  const line = job.conf.scripts.postBuild;
  if (line === undefined) return succeed([]);
  const place = instanceDirectory(host.paths, job.instance);
  if (host.files.lstat(place) !== undefined) changes.moveAway(place);
  changes.link(path.basename(staging), place);
  const said = await runScript(host, {
    name: "POST_BUILD",
    line,
    directory: workspace.directory,
    env,
    timeoutMs: making.timeLeft(),
    run: (command) => log.run({ title: "POST_BUILD", shown: line }, command),
    written: log.text,
  });
  host.files.remove(place);
  return said;
}

interface BuildResult extends Pick<CollectedObjects, "names" | "signed"> {
  readonly superseded: readonly SupersededObject[];
  readonly durationMs: number;
}

/** The record comes last: it says that everything else is there. */
function completeStaging({ host, job, log }: Making, staging: string, result: BuildResult): void {
  const { files, paths, clock } = host;
  const { instance, conf } = job;
  files.makeDirectory(path.join(staging, "log"));
  files.copyFile(log.path, path.join(staging, "log", "make.log"));
  if (conf.buildDependsRebuild)
    for (const [name, version] of Object.entries(job.dependencies)) {
      const mark = path.basename(dependencyMark(paths, instance, name));
      files.writeAtomic(path.join(staging, mark), `${version}\n`);
    }
  const objects = result.names.map((file, index) => {
    const destination = conf.objects[index]?.destLocation;
    return { ...recordObject(host, path.join(staging, "module", file)), ...(destination && { destination }) };
  });
  const superseded = withoutEqual(host, result.superseded, objects);
  const { directives = {} } = job.options;
  const { signing } = job;
  const signer = result.signed && signing.kind === "sign" ? files.sha256(signing.signing.certificate) : undefined;
  const record: BuildRecord = {
    format: 1,
    ...instance,
    inputs: job.inputs,
    builtAt: clock().toISOString(),
    durationMs: result.durationMs,
    objects,
    ...installRules(conf),
    ...(signer !== undefined && { signer }),
    ...(superseded.length > 0 && { superseded }),
    ...(Object.keys(directives).length > 0 && { directives }),
  };
  files.writeAtomic(path.join(staging, buildRecordName), formatBuildRecord(record));
}

function recordObject({ files }: Host, file: string): RecordedObject {
  const size = files.stat(file)?.size ?? 0;
  return { file: path.basename(file), sha256: files.sha256(file) ?? "", size };
}
