import path from "node:path";
import { compressObject } from "../compress-object.ts";
import type { ObjectSpec } from "../conf/dkms-conf.ts";
import { unsignedPolicy } from "../engine-policy.ts";
import { fail, type Result, succeed } from "../failure.ts";
import { instanceAddress } from "../id.ts";
import { type KernelObject, readObject } from "../read-object.ts";
import { signObject } from "../signing/sign-object.ts";
import { wantOfMemory } from "../want-of-memory.ts";
import type { Making } from "./build-job.ts";
import { checkVermagic } from "./check-vermagic.ts";

export interface CollectedObjects {
  /** File names below `module/`. */
  readonly names: readonly string[];
  readonly notices: readonly string[];
  /** Whether every one is signed. */
  readonly signed: boolean;
}

/**
 * Brings what make has made into `<staging>/module`: every object of dkms.conf, checked, stripped, signed, compressed
 * like the kernel's own, and Module.symvers. Fails with E_NO_OBJECT (7), E_OUTSIDE_TREE, E_BAD_OBJECT, E_WRONG_KERNEL,
 * E_SIGNING, or what a tool or the file system says.
 */
export async function collectObjects(making: Making, staging: string): Promise<Result<CollectedObjects>> {
  const { files } = making.host;
  const target = path.join(staging, "module");
  files.makeDirectory(target);
  const copied = copyBuilt(making, staging);
  if (!copied.ok) return copied;
  const failure = await strip(making, copied.value);
  if (failure) return (await damaged(making, copied.value)) ?? failure;
  const names: string[] = [];
  let signed = making.job.signing.kind === "sign";
  const notices: string[] = [...making.job.signing.notices];
  for (const object of copied.value) {
    const ready = await prepareObject(making, object);
    if (!ready.ok) return ready;
    const name = path.basename(ready.value.file);
    // Copied, since a copy is forced to the disk and what the tools have written is not.
    files.copyFile(ready.value.file, path.join(target, name));
    files.remove(ready.value.file);
    names.push(name);
    notices.push(...ready.value.notices);
    signed &&= ready.value.notices.length === 0;
  }
  const symvers = path.join(making.workspace.directory, "Module.symvers");
  if (files.stat(symvers)?.kind === "file") files.copyFile(symvers, path.join(target, "Module.symvers"));
  return succeed({ names, notices, signed });
}

/** An object on its way from the build directory to `module/`, beside that. */
interface CopiedObject {
  readonly spec: ObjectSpec;
  /** As make has left it. */
  readonly built: string;
  readonly copy: string;
}

function copyBuilt(making: Making, staging: string): Result<readonly CopiedObject[]> {
  const copies: CopiedObject[] = [];
  for (const spec of making.job.conf.objects) {
    const built = findBuilt(making, spec);
    if (!built.ok) return built;
    const copy = path.join(staging, `${spec.destName}.ko`);
    making.host.files.copyFile(built.value, copy, { durable: false });
    copies.push({ spec, built: built.value, copy });
  }
  return succeed(copies);
}

interface ReadyObject {
  readonly file: string;
  readonly notices: readonly string[];
}

/** Makes of a stripped copy an object ready to be installed. */
async function prepareObject(making: Making, { built, copy }: CopiedObject): Promise<Result<ReadyObject>> {
  const { host, job } = making;
  const read = await readMade(making, { built, copy });
  if (!read.ok) return read;
  const wrong = checkVermagic(read.value, { kernel: job.instance.kernel, path: built });
  if (wrong) return wrong;
  const { signing, options, kernel } = job;
  const signed = signing.kind === "sign" ? await signObject(host, signing.signing, copy) : succeed([]);
  if (!signed.ok) return signed;
  const { compressorOptions } = options.policy ?? unsignedPolicy;
  const packed = await compressObject(host, copy, kernel.compression, compressorOptions);
  return packed.ok ? succeed({ file: packed.value, notices: signed.value }) : packed;
}

/** What is no kernel object cannot be stripped either. */
async function damaged(making: Making, objects: readonly CopiedObject[]): Promise<Result<never> | undefined> {
  for (const object of objects) {
    const read = await readMade(making, object);
    if (!read.ok && read.error.code === "E_BAD_OBJECT") return read;
  }
  return undefined;
}

/** A failure names what make has made: the copy is gone when somebody reads of it. */
async function readMade({ host }: Making, { built, copy }: Omit<CopiedObject, "spec">): Promise<Result<KernelObject>> {
  const read = await readObject(host, copy);
  if (read.ok) return read;
  const message = read.error.message.replace(copy, built);
  const remedy = read.error.code === "E_BAD_OBJECT" ? { remedy: "See in the log why make has left it so." } : {};
  return { ok: false, error: { ...read.error, message, path: built, ...remedy } };
}

function findBuilt({ host, job, workspace }: Making, spec: ObjectSpec): Result<string> {
  const { directory } = workspace;
  const file = path.join(directory, spec.builtLocation, `${spec.builtName}.ko`);
  if (host.files.stat(file)?.kind !== "file")
    return fail("E_NO_OBJECT", `make succeeded for ${instanceAddress(job.instance)}, but there is no ${file}.`, {
      path: file,
      remedy:
        "Correct BUILT_MODULE_NAME and BUILT_MODULE_LOCATION in dkms.conf, or see in the log why it was not made.",
      dkmsExit: 7,
    });
  const isInside = (host.files.realPath(file) ?? "").startsWith(`${host.files.realPath(directory)}/`);
  if (isInside) return succeed(file);
  return fail("E_OUTSIDE_TREE", `${file} leads out of the build directory.`, { path: file });
}

/** As dell/dkms: debugging symbols go, everything that the kernel needs stays. One process for all of a build. */
async function strip(
  { host, job, timeLeft }: Making,
  objects: readonly CopiedObject[],
): Promise<Result<never> | undefined> {
  const copies = objects.filter(({ spec }) => spec.strip).map(({ copy }) => copy);
  const [first, ...more] = copies;
  if (first === undefined) return undefined;
  const tool = job.toolchain.llvm ? "llvm-strip" : "strip";
  const result = await host.run({ file: tool, args: ["-g", ...copies], timeoutMs: timeLeft() });
  if (result.ending === "exited" && result.exitCode === 0) return undefined;
  const names = more.length === 0 ? path.basename(first) : `${path.basename(first)} and ${more.length} more`;
  const doing = `strip ${names} for ${instanceAddress(job.instance)}`;
  if (result.ending === "cancelled") return fail("E_CANCELLED", `The run was stopped: could not ${doing}.`);
  if (result.ending === "timeout") return fail("E_TIMEOUT", `The build's time was over: could not ${doing}.`);
  const starved = wantOfMemory(result, `the strip of ${names}`, result.stderr);
  if (starved) return { ok: false, error: { ...starved, path: first } };
  const said = result.stderr.trim().split("\n").at(-1) || `${tool} ended with ${result.exitCode}`;
  const code = /no space left/i.test(said) ? "E_NO_SPACE" : "E_IO";
  return fail(code, `Could not ${doing}: ${said}.`, { path: first });
}
