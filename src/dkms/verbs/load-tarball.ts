import path from "node:path";
import { defaultArchiveLimits } from "../../host/archive/archive-limits.ts";
import type { Host } from "../../host/host.ts";
import { temporaryPrefix } from "../../host/local-files.ts";
import { isSystemError } from "../../host/system-error.ts";
import { fail, type Result, succeed } from "../failure.ts";
import { type KernelId, kernelKey, type ModuleId, moduleKey } from "../id.ts";
import { ioFailure } from "../io-failure.ts";
import { builtNames } from "../tarball/built-names.ts";
import { checkDigest, otherDigest } from "../tarball/check-digest.ts";
import { checkObjects } from "../tarball/check-objects.ts";
import type { LoadJob, Unpacking } from "../tarball/load-job.ts";
import type { LoadOptions, LoadRequest } from "../tarball/load-request.ts";
import { nameModule } from "../tarball/name-module.ts";
import { stageTarball } from "../tarball/stage-tarball.ts";
import type { TarballBinary } from "../tarball/tarball.ts";
import { moduleDirectory } from "../tree-layout.ts";
import { all } from "./all.ts";
import { isBinaryLoaded, loadBinary } from "./load-binary.ts";
import { isSourceLoaded, loadSource } from "./load-source.ts";
import { requireAdded } from "./tree-checks.ts";
import { type Done, noUndo } from "./verb.ts";

export interface Loaded extends Done {
  readonly module: ModuleId;
}

/**
 * Loads a DKMS tarball: its source to the source tree, and added; its builds into the DKMS tree, in the built state, each
 * for the kernel whose directory it came from. The archive is unpacked into a directory of its own, checked there, and
 * then renamed to its places; after a failure everything is as it was. Of a source that is there already, and of builds
 * that are, nothing is replaced unless `options` say so. Loading what is loaded already changes nothing.
 *
 * Fails with E_NO_ARCHIVE (2), E_TARBALL (3, 7), E_TARBALL_LIMIT (3), E_DIGEST, E_CONF_INVALID (8), E_NO_BINARY,
 * E_WRONG_KERNEL, E_BAD_OBJECT, E_NO_SOURCE (8) if builds come without source and there is none, E_ALREADY_ADDED (8; 3
 * for mere source), E_CANCELLED, as add does, or what the file system says.
 */
export async function loadTarball(
  host: Host,
  request: LoadRequest,
  options: LoadOptions = {},
): Promise<Result<Loaded>> {
  const { files, paths } = host;
  const other = checkDigest(host, request);
  if (other) return { ok: false, error: other };
  let scratch: string | undefined;
  try {
    files.makeDirectory(paths.state);
    // Named so that the next run sweeps it up after a kill.
    scratch = files.makeTemporaryDirectory(path.join(paths.state, `${temporaryPrefix}tarball-`));
    const job = await unpack(host, { request, options, directory: path.join(scratch, "archive") });
    if (!job.ok) return job;
    const flushed = await flush(host, scratch);
    return flushed ?? (await put(host, job.value));
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return ioFailure(error, `load ${request.file}`);
  } finally {
    if (scratch !== undefined) discard(host, scratch);
  }
}

/** What cannot be removed now changes nothing about the result; the next run sweeps it up. */
function discard({ files }: Host, scratch: string): void {
  try {
    files.remove(scratch);
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
}

async function unpack(host: Host, unpacking: Unpacking): Promise<Result<LoadJob>> {
  const { request, options, directory } = unpacking;
  const { file } = request;
  host.files.makeDirectory(directory);
  const staged = await stageTarball(host, {
    file,
    directory,
    limits: options.limits ?? defaultArchiveLimits,
    ...(request.kernels && { kernels: request.kernels }),
    ...reporting(host, request, options),
  });
  if (!staged.ok) return staged;
  const { sha256, layout, texts } = staged.value;
  // Somebody may have replaced the file since its digest was taken.
  const replaced = otherDigest(request, sha256);
  if (replaced) return { ok: false, error: replaced };
  const module = await nameModule(host, { archive: file, layout, texts });
  if (!module.ok) return module;
  const other = refuseOther(request, module.value);
  if (other) return other;
  const binaries = chooseBinaries(request, layout.binaries);
  const kernels = binaries.ok ? binaries.value.map(({ kernel }) => kernel) : [];
  options.onFound?.(module.value, kernels);
  if (!binaries.ok) return binaries;
  for (const binary of binaries.value) {
    const names = () => builtNames(host, { staged: staged.value, module: module.value, kernel: binary.kernel });
    const checked = await checkObjects(host, {
      archive: file,
      directory,
      staged: staged.value,
      binary,
      builtNames: names,
    });
    if (!checked.ok) return checked;
  }
  return succeed({ ...unpacking, staged: staged.value, module: module.value, binaries: binaries.value });
}

function reporting({ files }: Host, { file }: LoadRequest, { onProgress }: LoadOptions) {
  if (!onProgress) return {};
  const size = files.stat(file)?.size ?? 0;
  return { onProgress: (done: number) => onProgress(done, size) };
}

function refuseOther({ file, module }: LoadRequest, found: ModuleId): Result<never> | undefined {
  if (!module || moduleKey(module) === moduleKey(found)) return undefined;
  const message = `${file} is of ${moduleKey(found)}, not of ${moduleKey(module)}.`;
  return fail("E_TARBALL", message, { path: file, remedy: "Name the archive of this module." });
}

function chooseBinaries(
  { file, kernels }: LoadRequest,
  binaries: readonly TarballBinary[],
): Result<readonly TarballBinary[]> {
  if (!kernels) return succeed(binaries);
  const isFor = (kernel: KernelId) => (binary: TarballBinary) => kernelKey(binary.kernel) === kernelKey(kernel);
  const missing = kernels.filter((kernel) => !binaries.some(isFor(kernel)));
  if (missing.length === 0)
    return succeed(binaries.filter(({ kernel }) => kernels.some((one) => kernelKey(one) === kernelKey(kernel))));
  const held = binaries.map(({ kernel }) => kernelKey(kernel)).join(", ") || "none";
  const message = `${file} holds no build for ${missing.map(kernelKey).join(", ")}; it holds: ${held}.`;
  return fail("E_NO_BINARY", message, {
    path: file,
    remedy: "Build it for this kernel elsewhere, and pack it with mktarball.",
  });
}

/** One sync of the file system: of a thousand files each by itself takes a hundred times as long. */
async function flush(host: Host, directory: string): Promise<Result<never> | undefined> {
  const result = await host.run({ file: "sync", args: ["-f", directory], timeoutMs: 10 * 60_000 });
  if (result.ending === "exited" && result.exitCode === 0) return undefined;
  if (result.ending === "cancelled") return fail("E_CANCELLED", "The run was stopped before anything was loaded.");
  const said = result.stderr.trim().split("\n").at(-1) || `sync: ${result.ending}`;
  const message = `What was unpacked could not be forced to the disk: ${said}.`;
  return fail(result.ending === "missing" ? "E_NO_TOOL" : "E_IO", message, { path: directory });
}

async function put(host: Host, job: LoadJob): Promise<Result<Loaded>> {
  const { module, binaries, options, request } = job;
  if (isSourceLoaded(host, job) && binaries.every((binary) => isBinaryLoaded(host, job, binary))) {
    const kernels = binaries.map(({ kernel }) => kernelKey(kernel)).join(", ");
    const notice = `${request.file} is loaded already: ${moduleKey(module)}${kernels && ` for ${kernels}`}.`;
    return succeed({ changed: false, notices: [notice], undo: noUndo, module });
  }
  if (options.onlyNew && requireAdded(host, module).ok) return alreadyAdded(host, job);
  const works = binaries.map((binary) => () => loadBinary(host, job, binary));
  const done = await all([() => loadSource(host, job), ...works]);
  return done.ok ? succeed({ ...done.value, module }) : done;
}

function alreadyAdded({ paths }: Host, { module, request, staged }: LoadJob): Result<never> {
  const path = moduleDirectory(paths, module);
  const message = `${moduleKey(module)} is added already, and ${request.file} holds something else: ${path}.`;
  const remedy = `Give --force to load it nevertheless, or remove the module first: dkms remove ${moduleKey(module)} --all.`;
  return fail("E_ALREADY_ADDED", message, {
    path,
    remedy,
    dkmsExit: staged.layout.format === "source" ? 3 : 8,
  });
}
