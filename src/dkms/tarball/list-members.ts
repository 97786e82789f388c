import path from "node:path";
import type { ArchiveMember } from "../../host/archive/archive-member.ts";
import type { Host } from "../../host/host.ts";
import { temporaryPrefix } from "../../host/local-files.ts";
import { formatBuildRecord, parseBuildRecord } from "../build-record.ts";
import { isSource } from "../digest-source.ts";
import { type Failure, fail, type Result, succeed } from "../failure.ts";
import type { InstanceId } from "../id.ts";
import { buildRecordName, instanceDirectory, sourceLink } from "../tree-layout.ts";
import type { NamedTarball } from "./tarball-name.ts";

/**
 * The members of a module's tarball, in the layout of dell/dkms and in the order of their names: what was built for each
 * kernel with its log and its build record, and the source, or the files that stand for it where there is none.
 *
 * Fails with E_NO_SOURCE for what is neither file, directory nor link. Throws what the file system throws.
 */
export function listMembers(host: Host, { module, kernels, scope }: NamedTarball): Result<readonly ArchiveMember[]> {
  const source = host.files.realPath(sourceLink(host.paths, module)) ?? sourceLink(host.paths, module);
  const list: Listing = { host, members: [], problems: [] };
  if (scope === "binaries") addIdentity(list, { module, source });
  addDirectory(list, "./dkms_main_tree");
  if (scope !== "source")
    addBuilds(
      list,
      kernels.map((kernel) => ({ module, kernel })),
    );
  if (scope !== "binaries") addTree(list, { from: source, name: "./dkms_source_tree", keep: isSource });
  const [problem] = list.problems;
  return problem ? { ok: false, error: problem } : succeed(list.members);
}

interface Listing {
  readonly host: Host;
  readonly members: ArchiveMember[];
  readonly problems: Failure[];
}

function addDirectory({ members }: Listing, name: string): void {
  members.push({ kind: "directory", name });
}

/** What tells a host without the source which module it is. */
function addIdentity(list: Listing, { module, source }: Pick<NamedTarball, "module"> & { source: string }): void {
  const top = "./dkms_binaries_only";
  addDirectory(list, top);
  list.members.push({ kind: "text", name: `${top}/PACKAGE_NAME`, text: `${module.name}\n` });
  list.members.push({ kind: "text", name: `${top}/PACKAGE_VERSION`, text: `${module.version}\n` });
  addFile(list, { from: path.join(source, "dkms.conf"), name: `${top}/dkms.conf` });
}

function addBuilds(list: Listing, instances: readonly InstanceId[]): void {
  const { paths } = list.host;
  const keys = instances.map(({ kernel }) => `${kernel.release}/${kernel.arch}`);
  const sorted = instances.map((instance, at) => ({ instance, key: keys[at] ?? "" })).sort(byKey);
  let release = "";
  for (const { instance, key } of sorted) {
    if (instance.kernel.release !== release) addDirectory(list, `./dkms_main_tree/${instance.kernel.release}`);
    release = instance.kernel.release;
    const keep = (name: string) => !name.startsWith(temporaryPrefix);
    addTree(list, { from: instanceDirectory(paths, instance), name: `./dkms_main_tree/${key}`, keep });
  }
}

function byKey(left: { readonly key: string }, right: { readonly key: string }): number {
  return left.key < right.key ? -1 : Number(left.key > right.key);
}

interface Tree {
  readonly from: string;
  readonly name: string;
  readonly keep: (name: string) => boolean;
}

/** Links are packed as links and never followed. */
function addTree(list: Listing, { from, name, keep }: Tree): void {
  addDirectory(list, name);
  for (const entry of list.host.files.list(from) ?? []) {
    const inner = { from: path.join(from, entry.name), name: `${name}/${entry.name}` };
    if (entry.name === buildRecordName) addRecord(list, inner);
    else if (!keep(entry.name)) continue;
    else if (entry.kind === "directory") addTree(list, { ...inner, keep });
    else if (entry.kind === "file") addFile(list, inner);
    else if (entry.kind === "link") {
      const target = list.host.files.readLink(inner.from) ?? "";
      list.members.push({ kind: "link", name: inner.name, target });
    } else list.problems.push(unpackable(inner.from));
  }
}

interface Place {
  readonly from: string;
  readonly name: string;
}

function addFile({ host, members }: Listing, { from, name }: Place): void {
  const stat = host.files.lstat(from);
  // Whether it is still there, and still as long, is seen when it is read.
  const { size, mode } = stat ?? { size: 0, mode: 0 };
  members.push({ kind: "file", name, from, size, executable: (mode & 0o100) !== 0 });
}

/** Which archive this host has it from, and what it had in the install tree before, is nothing to another host. */
function addRecord({ host, members }: Listing, { from, name }: Place): void {
  const record = parseBuildRecord(host.files.readText(from) ?? "");
  if (!record) return;
  const { superseded: _superseded, tarball: _tarball, ...own } = record;
  members.push({ kind: "text", name, text: formatBuildRecord(own) });
}

function unpackable(place: string): Failure {
  const message = `${place} is a device, a socket or a FIFO, which no tarball may hold.`;
  return fail("E_NO_SOURCE", message, { path: place, remedy: "Remove it.", dkmsExit: 6 }).error;
}
