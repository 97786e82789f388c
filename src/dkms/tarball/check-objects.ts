import path from "node:path";
import type { Host } from "../../host/host.ts";
import { isSameArch } from "../elf-machine.ts";
import { type Failure, fail, type Result, succeed } from "../failure.ts";
import { type KernelId, kernelKey } from "../id.ts";
import { loadedName } from "../loaded-name.ts";
import { type ModuleInfo, releaseMadeFor } from "../module-info.ts";
import { objectName } from "../object-name.ts";
import { readObject } from "../read-object.ts";
import type { StagedTarball } from "./stage-tarball.ts";
import type { TarballBinary } from "./tarball.ts";

export interface ObjectsToCheck {
  readonly archive: string;
  /** Where the archive is unpacked. */
  readonly directory: string;
  readonly staged: StagedTarball;
  readonly binary: TarballBinary;
  /** Object name -> the name that it was built under; asked only where an object calls itself otherwise. */
  readonly builtNames: () => Promise<ReadonlyMap<string, string> | undefined>;
}

/**
 * Whether the objects of an archive are what the directory says that they lie in: for this kernel by their vermagic, for
 * this architecture, of this name, and, where a build record lies beside them, with these contents. Fails with
 * E_WRONG_KERNEL, E_BAD_OBJECT or E_TARBALL; the path in the message is that in the archive.
 */
export async function checkObjects(host: Host, request: ObjectsToCheck): Promise<Result<undefined>> {
  const { archive, binary, staged, directory } = request;
  const top = `dkms_main_tree/${kernelKey(binary.kernel)}/module`;
  for (const file of binary.objects) {
    const read = await readObject(host, path.join(directory, top, file));
    const place = `${archive}: ${top}/${file}`;
    if (!read.ok)
      return { ok: false, error: inArchive(read.error, { archive, place, staged: path.join(directory, top, file) }) };
    const wrong = mismatch(read.value.info, binary.kernel) ?? (await misnomer(read.value.info, file, request));
    if (wrong !== undefined) return refuse("E_WRONG_KERNEL", { archive, message: `${place} ${wrong}` });
    const claimed = binary.record?.objects.find(isOf(file))?.sha256;
    if (claimed !== undefined && claimed !== staged.digests.get(`${top}/${file}`))
      return refuse("E_TARBALL", { archive, message: `${place} is not what its build record says` });
  }
  return succeed(undefined);
}

function mismatch(info: ModuleInfo, kernel: KernelId): string | undefined {
  const { arch } = info;
  const release = releaseMadeFor(info) ?? "no kernel at all";
  if (release !== kernel.release) return `is made for ${release}, not for ${kernel.release}`;
  if (arch === undefined || isSameArch(arch, kernel.arch)) return undefined;
  return `is made for ${arch}, not for ${kernel.arch}`;
}

/**
 * Objects of kernels before 4.13 do not say their name. Where nobody can ask the dkms.conf, its build record may vouch for a
 * name, since it names the contents too.
 */
async function misnomer({ name }: ModuleInfo, file: string, request: ObjectsToCheck): Promise<string | undefined> {
  const own = objectName(file) ?? file;
  const isNamed = (expected: string) => name === loadedName(expected);
  if (name === undefined || isNamed(own)) return undefined;
  const built = await request.builtNames();
  const isVouched = built ? isNamed(built.get(own) ?? own) : request.binary.record?.objects.some(isOf(file));
  if (isVouched) return undefined;
  return `is the module ${name} under another name`;
}

function isOf(file: string): (object: { readonly file: string }) => boolean {
  return (object) => object.file === file;
}

interface StagedPlace {
  readonly archive: string;
  readonly place: string;
  readonly staged: string;
}

/** The staging directory means nothing to anybody. */
function inArchive(failure: Failure, { archive, place, staged }: StagedPlace): Failure {
  return { ...failure, message: failure.message.replaceAll(staged, place), path: archive, remedy: remedyText };
}

const remedyText = "Build it again for that kernel, and make the archive again with mktarball.";

function refuse(
  code: "E_WRONG_KERNEL" | "E_TARBALL",
  { archive, message }: { readonly archive: string; readonly message: string },
): Result<never> {
  return fail(code, `${message}.`, { path: archive, remedy: remedyText });
}
