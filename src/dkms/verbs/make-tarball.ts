import path from "node:path";
import type { ArchiveMember } from "../../host/archive/archive-member.ts";
import { linkProblem } from "../../host/archive/read-archive.ts";
import type { StreamPacking } from "../../host/archive/unpack-pieces.ts";
import { type ArchiveEnding, writeArchive } from "../../host/archive/write-archive.ts";
import type { Host } from "../../host/host.ts";
import { fail, type Result, succeed } from "../failure.ts";
import { instanceAddress, moduleKey } from "../id.ts";
import { listMembers } from "../tarball/list-members.ts";
import type { NamedTarball } from "../tarball/tarball-name.ts";
import { tarballDirectory } from "../tree-layout.ts";
import { type FileChanges, hiddenPattern } from "./file-changes.ts";
import { isBuilt, requireSource } from "./tree-checks.ts";
import type { Done } from "./verb.ts";
import { type Outcome, withUndo } from "./with-undo.ts";

export interface TarballOrder extends NamedTarball {
  /** Absolute. What is there is replaced; directories above it are made. */
  readonly file: string;
  readonly packing: StreamPacking;
  /** Told how many bytes of how many are packed, often. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Packs a module: the same tree gives the same bytes, wherever it lies and whoever packs it. The archive is there whole or
 * not at all.
 *
 * Fails with E_NOT_IN_TREE (3), E_BROKEN_MODULE (4), E_NOT_BUILT (6), E_PRECONDITION if a file changes meanwhile,
 * E_NO_SOURCE for what cannot be packed, E_NO_TOOL, E_CANCELLED, or what the file system says.
 */
export function makeTarball(host: Host, order: TarballOrder): Promise<Result<Done>> {
  const { name } = order.module;
  const act = (changes: FileChanges) => pack(host, order, changes);
  return withUndo(host, { doing: `pack ${moduleKey(order.module)} into ${order.file}`, label: name, act });
}

async function pack(host: Host, order: TarballOrder, changes: FileChanges): Promise<Result<Outcome>> {
  const { file, module } = order;
  const ready = requirePackable(host, order);
  if (!ready.ok) return ready;
  const members = listMembers(host, order);
  if (!members.ok) return members;
  const directory = path.dirname(file);
  changes.makeDirectory(directory);
  if (directory === tarballDirectory(host.paths, module)) clearDebris(host, directory, module.name);
  const staged = changes.stage(directory, () => {});
  const total = members.value.reduce((sum, member) => sum + (member.kind === "file" ? member.size : 0), 0);
  const { run, signal } = host;
  const onProgress = (done: number) => order.onProgress?.(done, total);
  const options = { file: staged, members: members.value, packing: order.packing, run, signal, onProgress };
  const ending = await writeArchive(options);
  if (ending.kind !== "written") return failed(order, ending);
  changes.place(staged, file);
  return succeed({ changed: true, notices: members.value.flatMap(notLoadable) });
}

/** dell/dkms packs and loads such a link; we pack it, so that nobody's tarballs break, and load none. */
function notLoadable(member: ArchiveMember): readonly string[] {
  if (member.kind !== "link") return [];
  const [, top = "", ...below] = member.name.split("/");
  const problem = linkProblem([top, ...below].join("/"), Buffer.from(member.target), top);
  const link = `${below.join("/")} -> ${member.target}`;
  return problem === undefined ? [] : [`dkms-agent will not load this tarball: the link ${link} ${problem}.`];
}

function requirePackable(host: Host, { module, kernels, scope, file }: TarballOrder): Result<undefined> {
  const source = requireSource(host, module);
  if (!source.ok) return source;
  const absent = scope === "source" ? undefined : kernels.find((kernel) => !isBuilt(host, { module, kernel }));
  if (absent) {
    const remedy = "Build it first, name kernels with -k, or give --all or --source-only.";
    const address = instanceAddress({ module, kernel: absent });
    return fail("E_NOT_BUILT", `${address} is not built, so there is nothing to pack.`, { remedy, dkmsExit: 6 });
  }
  const kind = host.files.stat(file)?.kind;
  if (kind === undefined || kind === "file") return succeed(undefined);
  const remedy = "Name a file: --archive DIRECTORY/NAME.tar.gz.";
  return fail("E_USAGE", `${file} is not a plain file.`, { path: file, remedy, dkmsExit: 6 });
}

/** What a run that was killed while it packed has left. */
function clearDebris({ files }: Host, directory: string, label: string): void {
  const hidden = hiddenPattern(label);
  for (const { name } of files.list(directory) ?? []) if (hidden.test(name)) files.remove(path.join(directory, name));
}

function failed({ file }: TarballOrder, ending: Exclude<ArchiveEnding, { kind: "written" }>): Result<never> {
  const doing = `${file} was not made`;
  switch (ending.kind) {
    case "stopped":
      return fail("E_CANCELLED", `The run was stopped: ${doing}.`, { path: file });
    case "changed": {
      const { path } = ending;
      const remedy = "Let whatever writes there end, then run this again.";
      return fail("E_PRECONDITION", `${path} changed while it was packed: ${doing}.`, { path, remedy });
    }
    case "missing": {
      const remedy = `Install ${ending.program}, or name an archive that ends in .tar.gz.`;
      return fail("E_NO_TOOL", `This host has no ${ending.program}: ${doing}.`, { remedy });
    }
    case "failed":
      return fail(
        /no space left/i.test(ending.said) ? "E_NO_SPACE" : "E_IO",
        `${ending.program}: ${ending.said}: ${doing}.`,
        {
          path: file,
        },
      );
  }
}
