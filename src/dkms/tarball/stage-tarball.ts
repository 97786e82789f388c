import { createHash } from "node:crypto";
import path from "node:path";
import { type ArchiveEntry, linkProblem } from "../../host/archive/read-archive.ts";
import type { NewFile } from "../../host/files.ts";
import type { Host } from "../../host/host.ts";
import { syncDirectory } from "../../host/sync-directory.ts";
import { fail, type Result, succeed } from "../failure.ts";
import { objectName } from "../find-objects.ts";
import { type KernelId, kernelKey } from "../id.ts";
import { findLayout, type TarballLayout } from "./find-layout.ts";
import { type TarballWalk, type WalkedTarball, walkTarball } from "./walk-tarball.ts";

export interface StageRequest extends TarballWalk {
  /** Empty, and nobody else's. */
  readonly directory: string;
  /** The only ones whose builds are wanted. Default: all. */
  readonly kernels?: readonly KernelId[];
}

export interface StagedTarball extends WalkedTarball {
  readonly layout: TarballLayout;
  /** SHA-256 of the kernel objects, by their path in the archive. */
  readonly digests: ReadonlyMap<string, string>;
}

/**
 * Unpacks an archive into a directory, and nothing of it anywhere else: files first, links last, so that nothing is ever
 * written through one. Everything belongs to whoever runs this, and nobody else may write to it. Of builds only what DKMS
 * knows is unpacked. Fails as walkTarball and findLayout do, with the directory half filled: the caller removes it.
 */
export async function stageTarball(host: Host, request: StageRequest): Promise<Result<StagedTarball>> {
  const staging = startStaging(host, request);
  const walked = await walkTarball(host, request, staging.take);
  const troubles = await staging.finished();
  if (!walked.ok) return walked;
  if (troubles !== undefined) throw troubles;
  const layout = findLayout(request.file, walked.value);
  if (!layout.ok) return layout;
  const refused = makeLinks(host, request, { top: layout.value.top, links: staging.links });
  if (refused) return refused;
  syncBelow(host, request.directory);
  return succeed({ ...walked.value, layout: layout.value, digests: staging.digests });
}

interface Staging {
  readonly take: (entry: ArchiveEntry) => Promise<void>;
  /** Waits for the disk; what it refused, if it did. */
  readonly finished: () => Promise<unknown>;
  readonly digests: Map<string, string>;
  /** Path -> target. */
  readonly links: Map<string, string>;
}

/** So many files at once wait for the disk while others are unpacked. */
const mostUnfinished = 16;

function startStaging({ files }: Host, { directory, kernels }: StageRequest): Staging {
  const isWanted = wantedPaths(kernels);
  const digests = new Map<string, string>();
  const links = new Map<string, string>();
  const unfinished = new Set<Promise<void>>();
  let trouble: unknown;
  const finishLater = (work: Promise<void>): void => {
    const settled = work
      .catch((error: unknown) => {
        trouble ??= error;
      })
      .finally(() => unfinished.delete(settled));
    unfinished.add(settled);
  };
  return {
    digests,
    links,
    finished: async () => {
      await Promise.all(unfinished);
      return trouble;
    },
    take: async (entry) => {
      if (trouble !== undefined) throw trouble;
      if (!isWanted(entry.path)) return;
      const place = path.join(directory, entry.path);
      if (entry.kind === "link") links.set(entry.path, entry.target);
      else if (entry.kind === "directory") files.makeDirectory(place);
      else {
        files.makeDirectory(path.dirname(place));
        if (entry.kind === "hard-link") files.link(path.join(directory, entry.target), place);
        else finishLater((await writeFile(files, { entry, place, digests })).finish());
      }
      if (unfinished.size >= mostUnfinished) await Promise.race(unfinished);
    },
  };
}

/** Builds that were not asked for, and what is no part of a build, are only looked at. */
function wantedPaths(kernels: readonly KernelId[] | undefined): (path: string) => boolean {
  const keys = kernels && new Set(kernels.map(kernelKey).map(String));
  return (entry) => {
    const [top, release, arch, part, name = "", ...deeper] = entry.split("/");
    if (top !== "dkms_main_tree") return true;
    if (deeper.length > 0 || (keys && !keys.has(`${release}/${arch}`))) return false;
    if (part === "module") return name === "Module.symvers" || objectName(name) !== undefined;
    return part === "log" ? name !== "" : /^\.dep_/.test(part ?? "");
  };
}

interface Unpacking {
  readonly entry: ArchiveEntry;
  readonly place: string;
  readonly digests: Map<string, string>;
}

/** The file, still to be finished. */
async function writeFile(files: Host["files"], { entry, place, digests }: Unpacking): Promise<NewFile> {
  const { path: name, isProgram, mtime } = entry;
  const hash = objectName(path.basename(name)) === undefined ? undefined : createHash("sha256");
  const file = files.create(place, { mode: isProgram ? 0o755 : 0o644, mtime: Math.min(mtime, latestTime) });
  try {
    for await (const piece of entry.content) {
      hash?.update(piece);
      file.write(piece);
    }
  } catch (error) {
    file.abandon();
    throw error;
  }
  if (hash) digests.set(name, hash.digest("hex"));
  return file;
}

/** What 32 bits hold; some file systems hold no more. */
const latestTime = 2 ** 31 - 1;

interface Links {
  readonly top: string;
  readonly links: ReadonlyMap<string, string>;
}

/** Of the source only, which they may not lead out of. */
function makeLinks(host: Host, { file, directory }: StageRequest, { top, links }: Links): Result<never> | undefined {
  for (const [name, target] of links) {
    if (top !== "" && !name.startsWith(`${top}/`)) continue;
    const problem = linkProblem(name, Buffer.from(target), top);
    if (problem !== undefined) {
      const message = `${file} holds a link that ${problem}: ${name} -> ${target}.`;
      return fail("E_TARBALL", message, { path: file, remedy: "Pack the module without it.", dkmsExit: 3 });
    }
    host.files.makeDirectory(path.dirname(path.join(directory, name)));
    host.files.symlinkAtomic(target, path.join(directory, name));
  }
  return undefined;
}

/** The files are on the disk by now, but not the names that lead to them. */
function syncBelow(host: Host, directory: string): void {
  for (const { name, kind } of host.files.list(directory) ?? [])
    if (kind === "directory") syncBelow(host, path.join(directory, name));
  syncDirectory(directory);
}
