import path from "node:path";
import { loadConf } from "../../dkms/conf/load-conf.ts";
import { type Failure, fail, type Result, succeed } from "../../dkms/failure.ts";
import type { KernelId, ModuleId } from "../../dkms/id.ts";
import { kernelConfigPlaces } from "../../dkms/kernel-config.ts";
import { absentKernel, readKernel } from "../../dkms/read-kernels.ts";
import { kernelDirectory, sourceDirectory } from "../../dkms/tree-layout.ts";
import { notYet } from "./runner.ts";
import { kernelOf, type Session } from "./session.ts";

/**
 * Why the options ask for something that the engine cannot do: other headers, or another configuration, than the kernel's
 * own. Naming the kernel's own is fine. `undefined` if it can.
 */
export function unsupportedOption({ host, call }: Session, kernels: readonly KernelId[]): Failure | undefined {
  const { kernelSourceDirectory: headers, kernelConfig } = call.options;
  for (const { release } of kernels) {
    const build = path.join(kernelDirectory(host.paths, release), "build");
    const isSame = (place: string, own: string) =>
      host.files.realPath(path.resolve(place)) === host.files.realPath(own);
    if (headers !== undefined && !isDirectory(host, path.join(headers, "include"))) return noHeaders(headers, release);
    if (headers !== undefined && !isSame(headers, build))
      return notYet(
        "Building against other headers (--kernelsourcedir)",
        `Let ${build} lead to ${path.resolve(headers)} instead.`,
      );
    const configs = kernelConfigPlaces.map((place) => path.join(build, place));
    if (kernelConfig !== undefined && !configs.some((own) => isSame(kernelConfig, own)))
      return notYet(
        "Reading another configuration (--config)",
        `Leave it out: the configuration of ${release} is read from ${build}.`,
      );
  }
  return undefined;
}

/**
 * `-c`: the file must be there (E_CONF_MISSING, 4) and make sense (E_CONF_INVALID, 8). It counts for add; what is built
 * goes by the dkms.conf of its source, so that another one is refused rather than ignored.
 */
export async function checkConfFile(session: Session, module: ModuleId): Promise<Result<undefined>> {
  const { host, call } = session;
  const given = call.options.confFile;
  if (given === undefined) return succeed(undefined);
  const file = path.resolve(given);
  if (host.files.stat(file) === undefined) {
    const remedy = "Leave out -c: the module's own dkms.conf is used then.";
    return fail("E_CONF_MISSING", `There is no ${file}, which -c names.`, { path: file, remedy, dkmsExit: 4 });
  }
  const id = kernelOf(session);
  if (!id.ok) return id;
  const kernel = readKernel(host, id.value) ?? absentKernel(host, id.value);
  const conf = await loadConf(host, { module, kernel, file, directives: call.options.directives });
  if (!conf.ok) return conf;
  const own = path.join(sourceDirectory(host.paths, module), "dkms.conf");
  if (call.verb === "add" || host.files.readText(file) === host.files.readText(own)) return succeed(undefined);
  return {
    ok: false,
    error: notYet(`To ${call.verb} by another dkms.conf (-c)`, `Put the file to ${own}, or use --directive.`),
  };
}

function noHeaders(directory: string, release: string): Failure {
  const place = path.resolve(directory, "include");
  const message = `The headers of ${release} are not in ${path.resolve(directory)}: ${place} does not exist.`;
  return fail("E_NO_HEADERS", message, { path: place, remedy: "Name the directory that holds include.", dkmsExit: 21 })
    .error;
}

function isDirectory({ files }: Session["host"], place: string): boolean {
  return files.stat(path.resolve(place))?.kind === "directory";
}
