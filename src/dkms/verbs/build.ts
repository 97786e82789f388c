import type { Host } from "../../host/host.ts";
import { buildInputs } from "../build-inputs.ts";
import type { BuildInputs } from "../build-record.ts";
import type { DkmsConf } from "../conf/dkms-conf.ts";
import { loadConf } from "../conf/load-conf.ts";
import { confOverrides } from "../conf/overrides.ts";
import { digestSource } from "../digest-source.ts";
import { unsignedPolicy } from "../engine-policy.ts";
import { exclusion } from "../exclusion.ts";
import { fail, type Result, succeed } from "../failure.ts";
import { type InstanceId, instanceAddress, moduleKey, nameProblem } from "../id.ts";
import type { Kernel } from "../kernel.ts";
import { readKernelConfig } from "../kernel-config.ts";
import { absentKernel, readKernel } from "../read-kernels.ts";
import { chooseSigning } from "../signing/choose-signing.ts";
import { isConfOnly } from "../source-mark.ts";
import { chooseToolchain, missingTools } from "../toolchain.ts";
import { fewerJobs, isWantOfMemory } from "../want-of-memory.ts";
import { asideLabel } from "./aside.ts";
import { type BuildJob, type BuildOptions, jobsOf } from "./build-job.ts";
import { makeInstance } from "./make-instance.ts";
import { activeVersion, isBuilt, requireSource } from "./tree-checks.ts";
import type { Done } from "./verb.ts";
import { unchanged, withUndo } from "./with-undo.ts";

/**
 * Builds a module for one kernel: copy the source, patch, PRE_BUILD, make, check, strip and sign every object, compress
 * as the kernel does, POST_BUILD. The result appears in the DKMS tree whole or not at all. What is built already stays,
 * unless `replace` is given. After a failure the tree is as it was; the log is kept elsewhere, and the failure names it.
 *
 * Builds of one module share `<dkms tree>/<name>/<version>/build`, a path that dkms.conf files know: without
 * `privateBuilds` the caller must not run two of them at once, whatever the kernels.
 *
 * What fails for want of memory is tried once more, with one job and beside no other build of the run: what comes of that
 * counts. A machine that is too small for all of its processors at once has its modules all the same.
 *
 * Fails with E_NOT_IN_TREE (3), E_BROKEN_MODULE (4), E_NO_KERNEL and E_NO_HEADERS (21), E_CONF_INVALID (8), E_EXCLUDED
 * (77), E_DEPENDENCY (13), E_NO_TOOL, E_SIGNING, E_NO_SOURCE (8), E_PATCH (5, 6), E_SCRIPT (the script's own code),
 * E_MAKE, E_NO_MEMORY and E_KILLED (10), E_NO_OBJECT (7), E_WRONG_KERNEL, E_TIMEOUT, E_CANCELLED, E_PRECONDITION, or
 * what the file system says.
 */
export async function build(host: Host, instance: InstanceId, options: BuildOptions = {}): Promise<Result<Done>> {
  const first = await buildOnce(host, instance, options);
  if (first.ok || !isWantOfMemory(first.error) || jobsOf(host, options) === 1) return first;
  const alone = await buildOnce(host, instance, { ...options, alone: true });
  if (alone.ok) {
    const notice = `It was built once more, alone and with one job. ${first.error.message} [${first.error.code}]`;
    return succeed({ ...alone.value, notices: [notice, ...alone.value.notices] });
  }
  if (!isWantOfMemory(alone.error)) return alone;
  // Fewer jobs were no help.
  const remedy = (alone.error.remedy ?? "").replace(fewerJobs, "");
  const message = `${alone.error.message.replace(/\.$/, "")}, also when it was built once more, alone and with one job.`;
  return { ok: false, error: { ...alone.error, message, remedy } };
}

function buildOnce(host: Host, instance: InstanceId, options: BuildOptions): Promise<Result<Done>> {
  const doing = `build ${instanceAddress(instance)}`;
  return withUndo(host, {
    doing,
    label: asideLabel(instance),
    act: async (changes) => {
      const source = requireSource(host, instance.module);
      if (!source.ok) return source;
      if (isBuilt(host, instance) && !options.replace)
        return unchanged(`${instanceAddress(instance)} is built already.`);
      const job = await prepare(host, { instance, source: source.value, options });
      return job.ok ? makeInstance(host, job.value, changes) : job;
    },
  });
}

type Request = Pick<BuildJob, "instance" | "source" | "options">;

async function prepare(host: Host, request: Request): Promise<Result<BuildJob>> {
  const { instance, options } = request;
  const kernel = readKernel(host, instance.kernel) ?? absentKernel(host, instance.kernel);
  const conf = await loadConf(host, { module: instance.module, kernel, ...confOverrides(options) });
  if (!conf.ok) return conf;
  const config = readKernelConfig(host, kernel);
  const why = exclusion(conf.value, kernel, config);
  if (why !== undefined) return excluded(instance, why);
  const lack = requireSourceFiles(host, request.source) ?? requireHeaders(host, kernel);
  if (lack) return lack;
  const dependencies = findDependencies(host, { conf: conf.value, instance, force: options.force ?? false });
  if (!dependencies.ok) return dependencies;
  const toolchain = chooseToolchain(host, config, kernel.headers?.directory);
  const missing = missingTools(host, { conf: conf.value, toolchain, compression: kernel.compression });
  if (missing.length > 0) return noTools(instance, missing);
  const inputs = readInputs(host, { ...request, kernel, conf: conf.value });
  if (!inputs.ok) return inputs;
  const signing = await chooseSigning(host, kernel, (options.policy ?? unsignedPolicy).signing);
  if (!signing.ok) return signing;
  return succeed({
    ...request,
    kernel,
    conf: conf.value,
    toolchain,
    inputs: inputs.value,
    dependencies: dependencies.value,
    signing: signing.value,
  });
}

function excluded({ module }: InstanceId, why: string): Result<never> {
  return fail("E_EXCLUDED", `${moduleKey(module)} is not meant for this kernel. ${why}`, { dkmsExit: 77 });
}

/** On hosts that got the module from a binaries-only tarball there is nothing but dkms.conf. */
function requireSourceFiles({ files }: Host, path: string): Result<never> | undefined {
  if (!isConfOnly({ files }, path)) return undefined;
  const remedy = "Load a tarball with binaries for this kernel, or add the module's full source.";
  const message = `${path} holds nothing but dkms.conf: there is no source to build.`;
  return fail("E_NO_SOURCE", message, { path, remedy, dkmsExit: 8 });
}

function requireHeaders({ files, paths }: Host, { id, directory, headers }: Kernel): Result<never> | undefined {
  if (headers) return undefined;
  const { release } = id;
  if (paths.headers !== undefined) {
    const message = `The headers of ${release} are not in ${paths.headers}: it has no directory include.`;
    const remedy = "Name the directory that holds include.";
    return fail("E_NO_HEADERS", message, { path: paths.headers, remedy, dkmsExit: 21 });
  }
  if (files.stat(directory) === undefined) {
    const remedy = `Install the kernel ${release} and its headers (Debian: linux-headers-${release}).`;
    const message = `There is no kernel ${release}: ${directory} does not exist.`;
    return fail("E_NO_KERNEL", message, { path: directory, remedy, dkmsExit: 21 });
  }
  const path = `${directory}/build`;
  const remedy = `Install them (Debian: linux-headers-${release}; Fedora: kernel-devel-${release}).`;
  const message = `The headers of ${release} are not there: ${path}/include does not exist.`;
  return fail("E_NO_HEADERS", message, { path, remedy, dkmsExit: 21 });
}

interface DependencyRequest {
  readonly conf: DkmsConf;
  readonly instance: InstanceId;
  readonly force: boolean;
}

function findDependencies(host: Host, request: DependencyRequest): Result<Readonly<Record<string, string>>> {
  const { conf, instance, force } = request;
  const { kernel } = instance;
  const installed: Record<string, string> = {};
  for (const name of conf.buildDepends) {
    const version = nameProblem(name) === undefined ? activeVersion(host, name, kernel) : undefined;
    if (version !== undefined && isBuilt(host, { module: { name, version }, kernel })) installed[name] = version;
  }
  const missing = conf.buildDepends.filter((name) => !(name in installed));
  if (missing.length === 0 || force) return succeed(installed);
  const names = missing.join(", ");
  const message = `${moduleKey(instance.module)} needs ${names}, not installed for ${kernel.release}.`;
  return fail("E_DEPENDENCY", message, { remedy: `Install ${names} for this kernel first.`, dkmsExit: 13 });
}

function noTools(instance: InstanceId, missing: readonly string[]): Result<never> {
  const names = missing.join(", ");
  const remedy = "Install them (Debian: build-essential and the kernel's compiler), or use a tarball built elsewhere.";
  return fail("E_NO_TOOL", `${instanceAddress(instance)} cannot be built here: ${names} missing.`, { remedy });
}

type InputRequest = Pick<BuildJob, "instance" | "kernel" | "conf" | "source">;

function readInputs(host: Host, { instance, kernel, conf, source }: InputRequest): Result<BuildInputs> {
  const digest = digestSource(host.files, source);
  if (!digest.ok) return digest;
  const inputs = buildInputs(host, { kernel, conf, source: digest.value });
  return inputs ? succeed(inputs) : noTools(instance, ["gcc"]);
}
