import path from "node:path";
import type { SourceWord } from "../../dkms/command-line/dkms-call.ts";
import { type Failure, fail } from "../../dkms/failure.ts";
import { autoinstallNow } from "./kernel-verbs.ts";
import { notYet, type Runner, refuse } from "./runner.ts";
import type { Session } from "./session.ts";

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
