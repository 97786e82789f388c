import type { Failure } from "../dkms/failure.ts";
import { kernelKey, type ModuleKey, moduleKey } from "../dkms/id.ts";
import { findInsecurePlaces } from "../dkms/insecure-places.ts";
import { isLoadedFrom } from "../dkms/tarball/loaded-from.ts";
import { readTarball } from "../dkms/tarball/read-tarball.ts";
import { defaultArchiveLimits } from "../host/archive/archive-limits.ts";
import type { Host } from "../host/host.ts";
import type {
  ActualState,
  ArchivePolicy,
  ModuleState,
  ProspectRequest,
  ScanRequest,
  TarballProblem,
  TarballRequest,
  TarballState,
} from "./actual-state.ts";

/** What the scan knows by then. */
export interface TarballScan {
  readonly host: Host;
  readonly request: ScanRequest;
  readonly prospects: readonly ProspectRequest[];
  readonly modules: readonly ModuleState[];
  readonly sources: ActualState["sources"];
}

/**
 * What the archives hold of those modules of which something wanted did not come from them yet. An archive is read through
 * for that, so the others are not looked at, not even whether they are there.
 */
export async function scanTarballs(scan: TarballScan): Promise<ActualState["tarballs"]> {
  const { request, host } = scan;
  const found = new Map<ModuleKey, readonly TarballState[]>();
  for (const one of request.tarballs ?? []) {
    if (!isNeeded(scan, one)) continue;
    const states: TarballState[] = [];
    for (const file of one.files)
      states.push(await scanTarball(host, { ...one, file, policy: request.archives ?? careful }));
    found.set(moduleKey(one.module), states);
  }
  return found;
}

const careful: ArchivePolicy = { allowInsecureFiles: false, limits: defaultArchiveLimits };

function isNeeded(
  { prospects, modules, sources }: TarballScan,
  { module: id, files, forSource }: TarballRequest,
): boolean {
  const key = moduleKey(id);
  const module = modules.find((one) => moduleKey(one.id) === key);
  const wanted = prospects.filter((one) => moduleKey(one.module) === key);
  const isSourceMissing = sources.get(key)?.inTree === undefined;
  if (isSourceMissing && (forSource || module?.link === "dangling" || module?.link === "missing")) return true;
  return wanted.some(({ kernel }) => {
    const instance = module?.instances.find((one) => kernelKey(one.kernel) === kernelKey(kernel));
    return !isLoadedFrom(instance, files);
  });
}

interface Look {
  readonly module: TarballRequest["module"];
  readonly file: TarballRequest["files"][number];
  readonly policy: ArchivePolicy;
}

async function scanTarball(host: Host, look: Look): Promise<TarballState> {
  const { path, sha256 } = look.file;
  const insecure = look.policy.allowInsecureFiles ? undefined : insecurity(host, path);
  if (insecure) return { path, sha256, found: { ok: false, error: insecure } };
  const read = await readTarball(host, { file: path, sha256 }, look.policy.limits);
  if (!read.ok) return { path, sha256, found: { ok: false, error: problemOf(read.error, path) } };
  const problem = stranger(look, moduleKey(read.value.module));
  return { path, sha256, found: problem ? { ok: false, error: problem } : read };
}

function insecurity(host: Host, path: string): TarballProblem | undefined {
  const [insecure] = findInsecurePlaces(host, [path]);
  if (!insecure) return undefined;
  const { path: place, kind, reason, remedy } = insecure;
  const text = `the archive ${path} is not read: the ${kind} ${place} ${reason}`;
  const trust = "or give --allow-insecure-files if you trust whoever can write there";
  return { kind: "untrusted", code: "E_INSECURE_FILE", text, remedy: `${remedy}, ${trust}` };
}

/** What the system refuses may be there tomorrow; what is no proper archive, or another one, stays so. */
function problemOf({ code, message, remedy }: Failure, path: string): TarballProblem {
  const text = message.replace(/\.$/, "");
  if (code === "E_DIGEST") return { kind: "untrusted", code, text, remedy: anotherDigest };
  if (code === "E_TARBALL" || code === "E_TARBALL_LIMIT" || code === "E_CONF_INVALID")
    return { kind: "untrusted", code, text, remedy: remedy ?? "bring a sound archive" };
  if (code === "E_NO_ARCHIVE") {
    const gone = `there is no archive ${path}`;
    return { kind: "unreachable", code, text: gone, remedy: "put it there, or correct its path" };
  }
  return { kind: "unreachable", code, text, remedy: remedy ?? "bring the archive back" };
}

const anotherDigest = "bring that archive back; or, if the new one is meant, put its digest into the document";

function stranger({ file, module }: Look, found: ModuleKey): TarballProblem | undefined {
  if (found === moduleKey(module)) return undefined;
  const text = `the archive ${file.path} is of ${found}, not of ${moduleKey(module)}`;
  return { kind: "untrusted", code: "E_TARBALL", text, remedy: "correct name, version or path in the document" };
}
