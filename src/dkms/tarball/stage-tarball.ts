import { createHash } from "node:crypto";
import path from "node:path";
import { archiveFault } from "../../host/archive/archive-fault.ts";
import { type ArchiveEntry, linkProblem } from "../../host/archive/read-archive.ts";
import type { Host } from "../../host/host.ts";
import { fail, type Result, succeed } from "../failure.ts";
import { type KernelId, kernelKey } from "../id.ts";
import { objectName } from "../object-name.ts";
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
  if (!walked.ok) return walked;
  const layout = findLayout(request.file, walked.value);
  if (!layout.ok) return layout;
  const refused = makeLinks(host, request, { top: layout.value.top, links: staging.links });
  if (refused) return refused;
  return succeed({ ...walked.value, layout: layout.value, digests: staging.digests });
}

interface Staging {
  readonly take: (entry: ArchiveEntry) => Promise<void>;
  readonly digests: Map<string, string>;
  /** Path -> target. */
  readonly links: Map<string, string>;
}

function startStaging({ files }: Host, { directory, kernels }: StageRequest): Staging {
  const isWanted = wantedPaths(kernels);
  const digests = new Map<string, string>();
  const links = new Map<string, string>();
  const take = async (entry: ArchiveEntry): Promise<void> => {
    if (!isWanted(entry.path)) return;
    const place = path.join(directory, entry.path);
    if (entry.kind === "link") links.set(entry.path, entry.target);
    else if (entry.kind === "directory") files.makeDirectory(place);
    else {
      files.makeDirectory(path.dirname(place));
      if (entry.kind === "hard-link" && !isWanted(entry.target)) throw leftOut(entry);
      if (entry.kind === "hard-link") files.link(path.join(directory, entry.target), place);
      else await writeFile(files, { entry, place, digests });
    }
  };
  return { digests, links, take };
}

function leftOut({ path: name, target }: ArchiveEntry): Error {
  const why = "which belongs to a build that was not asked for, or to none";
  return archiveFault("refused", `holds a hard link to what is not unpacked: ${name} -> ${target}, ${why}`);
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

async function writeFile(files: Host["files"], { entry, place, digests }: Unpacking): Promise<void> {
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
  file.finish();
  if (hash) digests.set(name, hash.digest("hex"));
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
