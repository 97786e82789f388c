import path from "node:path";
import type { SourceWord } from "../../dkms/command-line/dkms-call.ts";
import { type Failure, fail } from "../../dkms/failure.ts";
import { instanceAddress } from "../../dkms/id.ts";
import { isBuilt } from "../../dkms/verbs/tree-checks.ts";
import { autoinstallNow } from "./kernel-verbs.ts";
import { knownModule } from "./named-module.ts";
import { notYet, type Runner, refuse } from "./runner.ts";
import { kernelsOf, type Session } from "./session.ts";

/** `dkms mktarball`: its arguments are checked. */
export const mktarballRunner: Runner = {
  check: (session) => {
    const module = knownModule(session);
    if (!module.ok) return module.error;
    const kernels = kernelsOf(session);
    if (!kernels.ok) return kernels.error;
    const { all, sourceOnly } = session.call.options;
    const absent = kernels.value.find((kernel) => !isBuilt(session.host, { module: module.value, kernel }));
    if (absent && !all && !sourceOnly) {
      const remedy = "Build it first, name kernels with -k, or give --all or --source-only.";
      const address = instanceAddress({ module: module.value, kernel: absent });
      return fail("E_NOT_BUILT", `${address} is not built, so there is nothing to pack.`, { remedy, dkmsExit: 6 })
        .error;
    }
    return notYet(
      "Making tarballs",
      "Copy the module's directories of the source tree and the DKMS tree, or use dell/dkms.",
    );
  },
  run: async () => [],
};

/** `dkms ldtarball`: its arguments are checked. */
export const ldtarballRunner: Runner = {
  check: (session) => {
    const { source } = session.call;
    return source?.kind === "archive" ? archiveFailure(session, source) : noArchive(source?.path);
  },
  run: async () => [],
};

/** `dkms add|build|install FILE`: an rpm is installed with rpm, and then everything for the kernel; archives are to come. */
export async function installFromRpm(session: Session, source: SourceWord): Promise<readonly Failure[]> {
  if (source.kind !== "rpm") return refuse(session, archiveFailure(session, source));
  const file = path.resolve(source.path);
  const result = await session.host.run({ file: "rpm", args: ["-Uvh", file], timeoutMs: 60 * 60_000 });
  if (result.ending === "exited" && result.exitCode === 0) return autoinstallNow(session);
  const said = result.ending === "missing" ? "this host has no rpm" : result.stderr.trim().split("\n").at(-1);
  const failure = fail("E_NO_SOURCE", `${file} could not be installed with rpm: ${said || "it failed"}.`, {
    path: file,
    remedy: `Run rpm -Uvh ${file} by hand to see everything it says.`,
    dkmsExit: 9,
  });
  return refuse(session, failure.error);
}

function archiveFailure({ host }: Session, { path: word }: SourceWord): Failure {
  const file = path.resolve(word);
  const kind = host.files.stat(file)?.kind;
  if (kind === undefined) return noArchive(word);
  if (kind !== "file")
    return fail("E_CONF_MISSING", `${file} is no archive but a ${kind}.`, { path: file, dkmsExit: 3 }).error;
  const remedy = "Unpack the source to <source tree>/<name>-<version> and add it, or use dell/dkms.";
  return notYet(`Loading ${file}`, remedy);
}

function noArchive(word: string | undefined): Failure {
  const remedy = "Name the archive: dkms ldtarball FILE.";
  if (word === undefined) return fail("E_USAGE", "No archive is given.", { remedy, dkmsExit: 2 }).error;
  const place = path.resolve(word);
  return fail("E_NO_SOURCE", `There is no archive ${place}.`, { path: place, remedy, dkmsExit: 2 }).error;
}
