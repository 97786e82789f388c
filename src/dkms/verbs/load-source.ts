import path from "node:path";
import { copyTree } from "../../host/copy-tree.ts";
import type { Host } from "../../host/host.ts";
import { isSystemError } from "../../host/system-error.ts";
import { digestSource } from "../digest-source.ts";
import { fail, type Result, succeed } from "../failure.ts";
import { moduleKey } from "../id.ts";
import { isConfOnly, nextSourceMarks, readSourceMark } from "../source-mark.ts";
import type { LoadJob } from "../tarball/load-job.ts";
import { moduleDirectory, sourceDirectory, sourceMarkFile } from "../tree-layout.ts";
import { add } from "./add.ts";
import { all } from "./all.ts";
import type { FileChanges } from "./file-changes.ts";
import { linkSource } from "./link-source.ts";
import { isFromArchive } from "./load-binary.ts";
import { hasSource } from "./tree-checks.ts";
import type { Done } from "./verb.ts";
import { type Outcome, unchanged, withUndo } from "./with-undo.ts";

/**
 * Puts the source of an archive into the source tree and adds it; of an archive without source only its dkms.conf. What is
 * there stays, and is said to, unless it is to be replaced; full source never makes way for a dkms.conf alone.
 */
export function loadSource(host: Host, job: LoadJob): Promise<Result<Done>> {
  const label = job.module.name;
  const doing = `load the source of ${moduleKey(job.module)}`;
  const bring = () => withUndo(host, { doing, label, act: async (changes) => putSource(host, job, changes) });
  if (job.staged.layout.format !== "binaries-only") return all([bring, () => add(host, { module: job.module })]);
  // No script is there to be run, and the dkms.conf needs no bash.
  const link = () => withUndo(host, { doing, label, act: async (changes) => linkOnly(host, job, changes) });
  return all([bring, link]);
}

/** Whether nothing would be changed. A source that differs stays as it stayed when the builds were loaded. */
export function isSourceLoaded(host: Host, job: LoadJob): boolean {
  if (!hasSource(host, job.module) || isMarkedOtherwise(host, job)) return false;
  if (compare(host, job) !== "differs") return true;
  const { binaries, options } = job;
  return !options.replaceSource && binaries.length > 0 && binaries.every((binary) => isFromArchive(host, job, binary));
}

/** It came from another archive, which may hold the same. */
function isMarkedOtherwise(host: Host, { module, staged, options }: LoadJob): boolean {
  const mark = options.replaceSource ? readSourceMark(host, module) : undefined;
  return mark !== undefined && mark.tarball !== staged.sha256;
}

/** What is in the source tree, next to what is in the archive. `full`: source, where the archive has none. */
function compare({ files, paths }: Host, job: LoadJob): "absent" | "same" | "differs" | "full" {
  const place = sourceDirectory(paths, job.module);
  if (files.lstat(place) === undefined) return "absent";
  const conf = path.join(place, "dkms.conf");
  if (job.staged.layout.format === "binaries-only") {
    if (!isConfOnly({ files }, place)) return "full";
    return files.sha256(conf) === files.sha256(stagedConf(job)) ? "same" : "differs";
  }
  const [found, wanted] = [place, stagedTop(job)].map((directory) => digestSource(files, directory));
  return found?.ok && wanted?.ok && found.value === wanted.value ? "same" : "differs";
}

function stagedConf({ directory, staged }: LoadJob): string {
  return path.join(directory, staged.layout.conf);
}

function stagedTop({ directory, staged }: LoadJob): string {
  return path.join(directory, staged.layout.top);
}

function putSource(host: Host, job: LoadJob, changes: FileChanges): Result<Outcome> {
  const { files, paths } = host;
  const { module, options, staged, request } = job;
  const place = sourceDirectory(paths, module);
  const present = compare(host, job);
  if (present === "same" && isMarkedOtherwise(host, job)) return markSource(host, job, { directory: place, changes });
  if (present === "same" || present === "full") return unchanged();
  if (present === "differs" && !options.replaceSource)
    return unchanged(`${place} is there already, otherwise than in ${request.file}: it stays.`);
  const isBinary = staged.layout.format === "binaries-only";
  if (isBinary && !options.withoutSource) return withoutSource(job, place);
  changes.makeDirectory(paths.sourceTree);
  const hidden = changes.stage(paths.sourceTree, (hidden) => {
    if (isBinary) {
      files.makeDirectory(hidden);
      files.copyFile(stagedConf(job), path.join(hidden, "dkms.conf"));
    } else moveTree(files, stagedTop(job), hidden);
  });
  // The mark says nothing of a source with another digest; the other way round, a kill would leave a source without one.
  const marked = markSource(host, job, { directory: hidden, changes });
  if (!marked.ok) return marked;
  if (files.lstat(place) !== undefined) changes.moveAway(place);
  changes.rename(hidden, place);
  return marked;
}

interface Marking {
  /** Where the source is now. */
  readonly directory: string;
  readonly changes: FileChanges;
}

/** Says that the source directory is ours, and where from. */
function markSource(host: Host, { module, staged }: LoadJob, marking: Marking): Result<Outcome> {
  const { directory, changes } = marking;
  const digest = digestSource(host.files, directory);
  if (!digest.ok) return digest;
  changes.makeDirectory(moduleDirectory(host.paths, module));
  const mark = { tarball: staged.sha256, source: digest.value };
  changes.write(sourceMarkFile(host.paths, module), nextSourceMarks(host, module, mark));
  return succeed({ changed: true, notices: [] });
}

/** The source tree may lie on another file system. */
function moveTree(files: Host["files"], from: string, to: string): void {
  try {
    files.rename(from, to);
  } catch (error) {
    if (!isSystemError(error) || error.code !== "EXDEV") throw error;
    copyTree(files, from, to, { durable: true });
  }
}

function withoutSource({ module, request }: LoadJob, place: string): Result<never> {
  const message = `${request.file} holds builds of ${moduleKey(module)} without source, and there is none in ${place}.`;
  const remedy = `Bring the source to ${place}; or give --force: the builds can then be installed, but not made again here.`;
  return fail("E_NO_SOURCE", message, { path: place, remedy, dkmsExit: 8 });
}

function linkOnly(host: Host, { module }: LoadJob, changes: FileChanges): Result<Outcome> {
  if (hasSource(host, module)) return unchanged();
  const linked = linkSource(host, module, changes);
  return linked.ok ? succeed({ changed: true, notices: [] }) : linked;
}
