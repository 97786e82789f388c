import path from "node:path";
import { loadConf } from "../../dkms/conf/load-conf.ts";
import { fail, type Result, succeed } from "../../dkms/failure.ts";
import type { ModuleId } from "../../dkms/id.ts";
import { absentKernel, readKernel } from "../../dkms/read-kernels.ts";
import { kernelOf, type Session } from "./session.ts";

/**
 * The dkms.conf that `-c` names in place of the module's own; `undefined` without -c. It must be there, E_CONF_MISSING
 * (4), and for verbs that go up it must make sense, E_CONF_INVALID (8).
 */
export async function namedConfFile(session: Session, module: ModuleId): Promise<Result<string | undefined>> {
  const { host, call } = session;
  const given = call.options.confFile;
  if (given === undefined) return succeed(undefined);
  const file = path.resolve(given);
  if (host.files.stat(file) === undefined) {
    const remedy = "Leave out -c: the module's own dkms.conf is used then.";
    return fail("E_CONF_MISSING", `There is no ${file}, which -c names.`, { path: file, remedy, dkmsExit: 4 });
  }
  if (!["add", "build", "install"].includes(call.verb)) return succeed(file);
  const id = kernelOf(session);
  if (!id.ok) return id;
  const kernel = readKernel(host, id.value) ?? absentKernel(host, id.value);
  const conf = await loadConf(host, { module, kernel, file, directives: call.options.directives });
  return conf.ok ? succeed(file) : conf;
}
