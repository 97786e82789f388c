import path from "node:path";
import type { SourceWord } from "../../dkms/command-line/dkms-call.ts";
import { type Failure, fail, type Result, succeed } from "../../dkms/failure.ts";
import { instanceAddress, type KernelId, type ModuleId, moduleKey } from "../../dkms/id.ts";
import { findInsecurePlaces } from "../../dkms/insecure-places.ts";
import { progressTeller } from "../../dkms/tarball/tell-progress.ts";
import { carryOut } from "../../dkms/verbs/course.ts";
import { loadTarball } from "../../dkms/verbs/load-tarball.ts";
import { isRpm } from "../../host/archive/is-rpm.ts";
import { autoinstallNow } from "./kernel-verbs.ts";
import { courseOf, type Runner, refuse } from "./runner.ts";
import { kernelsOf, type Session } from "./session.ts";

/** `dkms ldtarball` */
export const ldtarballRunner: Runner = {
  check: (session) => checkArchive(session),
  before: (session) => installRpm(session),
  run: async (session) => {
    if (isOfRpm(session)) return autoinstallNow(session);
    const loaded = await loadArchive(session);
    return loaded.ok ? [] : [loaded.error];
  },
};

/** The archive, or rpm, that stands for the module on a command line; `undefined` if the module is named. */
export function archiveWord({ call }: Session): SourceWord | undefined {
  const isNamed = call.name !== undefined || call.version !== undefined;
  const isArchive = call.source?.kind === "archive" || call.source?.kind === "rpm";
  return isArchive && (call.verb === "ldtarball" || !isNamed) ? call.source : undefined;
}

/**
 * E_USAGE (2) without an archive, E_NO_ARCHIVE (2), E_TARBALL (3) for a directory, E_INSECURE_FILE where everybody could have
 * put something into it or in its place.
 */
export function checkArchive(session: Session): Failure | undefined {
  const { host, call, tell } = session;
  const word = archiveWord(session);
  const named = word?.path ?? call.source?.path ?? nameGiven(session);
  if (named === undefined) {
    const remedy = "Name the archive: dkms ldtarball FILE.";
    return fail("E_USAGE", "No archive is given.", { remedy, dkmsExit: 2 }).error;
  }
  const file = path.resolve(named);
  const kind = host.files.stat(file)?.kind;
  if (kind === undefined || word === undefined) {
    const what = kind === undefined ? `There is no archive ${file}.` : `${file} is no archive but a ${kind}.`;
    const remedy = "Name the file of an archive: dkms ldtarball FILE.";
    return fail("E_NO_ARCHIVE", what, { path: file, remedy, dkmsExit: 2 }).error;
  }
  const places = findInsecurePlaces(host, [file]);
  const open = places.find(({ byEverybody }) => byEverybody);
  if (open) {
    const what = open.path === file ? "it" : `the ${open.kind} ${open.path}`;
    const message = `${file} is not loaded: ${what} ${open.reason}, and what it holds runs as root.`;
    const remedy = `${open.remedy.replace(/^./, (first) => first.toUpperCase())}.`;
    return fail("E_INSECURE_FILE", message, { path: open.path, remedy }).error;
  }
  // Whoever names an archive of one other user knows whose it is, and dell/dkms takes it.
  const [other] = places;
  if (other) tell({ type: "notice", text: `The ${other.kind} ${other.path} ${other.reason}.` });
  return undefined;
}

/** A word that is no file was taken for a module's name. */
function nameGiven({ call }: Session): string | undefined {
  const { name = "", version } = call;
  return version === undefined ? call.name : `${name}/${version}`;
}

/** Whether the archive is an rpm: by its content, and what calls itself one is left to rpm to refuse. */
export function isOfRpm(session: Session): boolean {
  const word = archiveWord(session);
  return word?.kind === "rpm" || (word !== undefined && isRpm(path.resolve(word.path)));
}

/** With rpm, whose scripts call dkms themselves: not under the lock. E_NO_TOOL or E_NO_SOURCE (9). */
export async function installRpm(session: Session): Promise<Failure | undefined> {
  const word = archiveWord(session);
  if (word === undefined || !isOfRpm(session)) return undefined;
  const file = path.resolve(word.path);
  const result = await session.host.run({ file: "rpm", args: ["-Uvh", file], timeoutMs: 60 * 60_000 });
  if (result.ending === "exited" && result.exitCode === 0) return undefined;
  if (result.ending === "missing") {
    const remedy = "Install rpm, or unpack the package elsewhere (rpm2cpio) and add the module's directory.";
    return fail("E_NO_TOOL", `${file} is an rpm, and this host has no rpm command.`, {
      path: file,
      remedy,
      dkmsExit: 9,
    }).error;
  }
  const said = result.stderr.trim().split("\n").at(-1)?.trim();
  return fail("E_NO_SOURCE", `${file} could not be installed with rpm: ${said || result.ending}.`, {
    path: file,
    remedy: `Run rpm -Uvh ${file} by hand to see everything it says.`,
    dkmsExit: 9,
  }).error;
}

/** Loads the archive of the command line, and tells of it; the module that it was of. What fails has been told. */
export async function loadArchive(session: Session): Promise<Result<ModuleId>> {
  const { host, call, settings, tell } = session;
  const word = archiveWord(session);
  if (word === undefined) throw new Error("there is no archive, which was checked");
  const file = path.resolve(word.path);
  const chosen = call.verb === "ldtarball" && call.kernels.length > 0 ? kernelsOf(session) : undefined;
  if (chosen?.ok === false) {
    refuse(session, chosen.error);
    return chosen;
  }
  const { force } = call.options;
  const loaded = await carryOut(courseOf(session), { action: "load", what: file }, () =>
    loadTarball(
      host,
      { file, ...(chosen && { kernels: chosen.value }) },
      {
        ...{ replace: force, replaceSource: force, withoutSource: force, onlyNew: !force },
        limits: settings.tarballLimits,
        onProgress: progressTeller({ clock: host.clock, tell, what: file }),
        onFound: (module, kernels) => tell({ type: "found", what: file, addresses: addressesOf(module, kernels) }),
      },
    ),
  );
  if (!loaded.ok) return loaded;
  loaded.value.undo.commit();
  return succeed(loaded.value.module);
}

function addressesOf(module: ModuleId, kernels: readonly KernelId[]): readonly string[] {
  return kernels.length === 0 ? [moduleKey(module)] : kernels.map((kernel) => instanceAddress({ module, kernel }));
}
