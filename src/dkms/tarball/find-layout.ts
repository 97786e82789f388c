import type { ArchiveEntry } from "../../host/archive/read-archive.ts";
import { parseBuildRecord } from "../build-record.ts";
import { type Failure, fail, type Result, succeed } from "../failure.ts";
import { type KernelId, kernelKey, nameProblem } from "../id.ts";
import { objectName } from "../object-name.ts";
import { buildRecordName, isReleaseName } from "../tree-layout.ts";
import type { TarballBinary, TarballFormat } from "./tarball.ts";

/** What was seen of an archive while it was read. */
export interface TarballContents {
  /** Path -> kind, in the order of the archive. */
  readonly entries: ReadonlyMap<string, ArchiveEntry["kind"]>;
  /** The content of small files that tell what the archive is: path -> text. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Where in an archive everything is. */
export interface TarballLayout {
  readonly format: TarballFormat;
  /** The dkms.conf, below the archive's root. */
  readonly conf: string;
  /** The directory that the dkms.conf is in; empty: the archive's root. */
  readonly top: string;
  readonly binaries: readonly TarballBinary[];
}

/** Whether the content of an entry tells what the archive is. */
export function isTelling(path: string): boolean {
  return (
    /(^|\/)dkms\.conf$/.test(path) ||
    /^dkms_binaries_only\/PACKAGE_(NAME|VERSION)$/.test(path) ||
    recordPlace.test(path)
  );
}

const recordPlace = new RegExp(`^dkms_main_tree/[^/]+/[^/]+/${buildRecordName.replaceAll(".", "\\.")}$`);

/** Fails with E_TARBALL: 3 if there is no dkms.conf, 7 if it is not where it belongs or is no file. */
export function findLayout(archive: string, contents: TarballContents): Result<TarballLayout> {
  const { entries } = contents;
  const known = knownPlaces.find(({ top }) => entries.has(`${top}/dkms.conf`));
  const refuse = (message: string, dkmsExit: number) => refused(archive, message, dkmsExit);
  const conf = known ? succeed(`${known.top}/dkms.conf`) : topmostConf(entries, refuse);
  if (!conf.ok) return conf;
  if (entries.get(conf.value) !== "file") return refuse(`holds a dkms.conf that is no plain file: ${conf.value}`, 7);
  const top = conf.value.replace(/\/?dkms\.conf$/, "");
  if (!known && [...entries.keys()].some((path) => /^dkms_main_tree(\/|$)/.test(path))) {
    return refuse("has a dkms_main_tree, but neither dkms_source_tree/dkms.conf nor dkms_binaries_only/dkms.conf", 7);
  }
  const binaries = known ? findBinaries(contents, refuse) : succeed([]);
  if (!binaries.ok) return binaries;
  if (known?.format === "binaries-only" && binaries.value.length === 0)
    return refuse("holds neither source nor kernel objects", 7);
  return succeed({ format: known?.format ?? "source", conf: conf.value, top, binaries: binaries.value });
}

const knownPlaces = [
  { top: "dkms_source_tree", format: "mktarball" },
  { top: "dkms_binaries_only", format: "binaries-only" },
] as const;

type Refuse = (message: string, dkmsExit: number) => Result<never>;

function refused(archive: string, message: string, dkmsExit: number): { readonly ok: false; readonly error: Failure } {
  const remedy = "Make it again with mktarball, or pack a directory that holds a dkms.conf.";
  return fail("E_TARBALL", `${archive} ${message}.`, { path: archive, remedy, dkmsExit });
}

function topmostConf(entries: TarballContents["entries"], refuse: Refuse): Result<string> {
  const depth = (path: string) => path.split("/").length;
  const all = [...entries.keys()].filter((path) => /(^|\/)dkms\.conf$/.test(path));
  const least = all.reduce((found, path) => Math.min(found, depth(path)), Number.POSITIVE_INFINITY);
  const [first, second] = all.filter((path) => depth(path) === least);
  if (first === undefined) return refuse("holds no dkms.conf", 3);
  if (second !== undefined) return refuse(`holds two modules: ${first} and ${second}`, 7);
  return succeed(first);
}

function findBinaries(contents: TarballContents, refuse: Refuse): Result<readonly TarballBinary[]> {
  const found = new Map<string, { readonly kernel: KernelId; readonly objects: string[] }>();
  for (const [path, kind] of contents.entries) {
    const [top, release = "", arch = "", part = "", file, ...deeper] = path.split("/");
    if (top !== "dkms_main_tree" || part === "") continue;
    const problem = kernelProblem({ release, arch });
    if (problem !== undefined) return refuse(`holds objects for "${release}/${arch}", which ${problem}`, 7);
    if (part !== "module" || file === undefined) continue;
    const kernel = { release, arch };
    const binary = found.get(kernelKey(kernel)) ?? { kernel, objects: [] };
    found.set(kernelKey(kernel), binary);
    if (deeper.length > 0 || objectName(file) === undefined) continue;
    if (kind !== "file") return refuse(`holds a kernel object that is no plain file: ${path}`, 7);
    binary.objects.push(file);
  }
  const binaries = [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { kernel, objects }]) => {
      return { kernel, objects: objects.sort(), ...recordOf(contents, kernel) };
    });
  const empty = binaries.find(({ objects }) => objects.length === 0);
  return empty ? refuse(`holds no kernel object for ${kernelKey(empty.kernel)}`, 7) : succeed(binaries);
}

function kernelProblem({ release, arch }: KernelId): string | undefined {
  if (!isReleaseName(release)) return "is not a kernel release";
  const problem = nameProblem(release) ?? nameProblem(arch);
  return problem === undefined && !/^\w+$/.test(arch) ? "names no architecture" : problem;
}

/** Only of the very kernel that it lies with: of another one it says nothing. */
function recordOf({ texts }: TarballContents, kernel: KernelId): Pick<TarballBinary, "record"> {
  const record = parseBuildRecord(texts.get(`dkms_main_tree/${kernelKey(kernel)}/${buildRecordName}`) ?? "");
  return record && kernelKey(record.kernel) === kernelKey(kernel) ? { record } : {};
}
