import { suggestKernel } from "../../dkms/command-line/suggest.ts";
import type { Failure, Result } from "../../dkms/failure.ts";
import { type KernelId, type ModuleId, moduleKey } from "../../dkms/id.ts";
import { add } from "../../dkms/verbs/add.ts";
import { type Course, type CourseEvent, carryOut } from "../../dkms/verbs/course.ts";
import { reachBuilt, reachInstalled } from "../../dkms/verbs/reach-level.ts";
import { noteRpmAdd, takeRpmNote } from "../../dkms/verbs/rpm-upgrade.ts";
import { type TakeBackRequest, takeBack } from "../../dkms/verbs/take-back.ts";
import { builtKernels, hasSource } from "../../dkms/verbs/tree-checks.ts";
import { namedConfFile } from "./conf-file.ts";
import { finishCourse } from "./finish-course.ts";
import { autoinstallNow } from "./kernel-verbs.ts";
import { archiveWord, checkArchive, installRpm, isOfRpm, loadArchive } from "./load-archive.ts";
import { addableModule, alreadyAdded, knownModule, type NamedModule } from "./named-module.ts";
import { courseOf, type Runner, refuse } from "./runner.ts";
import { kernelsOf, type Session } from "./session.ts";

/** `dkms add` */
export const addRunner: Runner = {
  ...mayBeArchive(),
  run: async (session) => {
    if (isOfRpm(session)) return autoinstallNow(session);
    const named = await broughtModule(session);
    if (!named.ok) return [named.error];
    const { module, source, isLoaded } = named.value;
    if (isLoaded) return [];
    if (session.call.options.rpmSafeUpgrade) noteRpmAdd(session.host, module);
    const already = hasSource(session.host, module) ? alreadyAdded(session, module) : undefined;
    const confFile = already ?? (await namedConfFile(session, module));
    if (!confFile.ok) return refuse(session, confFile.error);
    const result = await addModule(courseOf(session), module, source);
    return result.ok ? [] : [result.error];
  },
};

/** `dkms build`: one kernel after the other, whatever happens to one of them. */
export const buildRunner: Runner = {
  ...mayBeArchive(),
  run: (session) =>
    forEachKernel(session, (course, instance) => {
      const { force } = session.call.options;
      return reachBuilt(course, instance, { replace: force });
    }),
};

/** `dkms install` */
export const installRunner: Runner = {
  ...mayBeArchive(),
  run: (session) => forEachKernel(session, (course, instance) => reachInstalled(course, instance)),
};

/** `dkms uninstall`, `dkms unbuild`, `dkms remove` */
export function takeBackRunner(to: TakeBackRequest["to"]): Runner {
  return {
    check: (session) => failureOf(knownModule(session)),
    run: async (session) => {
      const module = knownModule(session);
      if (!module.ok) return refuse(session, module.error);
      if (isUpgrade(session, module.value)) return [];
      const kernels = chooseKernels(session, module.value);
      if (!kernels.ok) return refuse(session, kernels.error);
      const confFile = await namedConfFile(session, module.value);
      if (!confFile.ok) return refuse(session, confFile.error);
      const course = courseOf(session, confFile.value);
      const failures = await takeBack(course, { module: module.value, kernels: kernels.value, to });
      return [...failures, ...(await finishCourse(session, course))];
    },
  };
}

/** rpm removes what it has just added: the old build of the same version. */
function isUpgrade({ host, call, tell }: Session, module: ModuleId): boolean {
  if (call.verb !== "remove" || !call.options.rpmSafeUpgrade || !takeRpmNote(host, module)) return false;
  tell({ type: "notice", text: `${moduleKey(module)} stays: the package that is removed was replaced by one of it.` });
  return true;
}

type ReachLevel = (course: Course, instance: { module: ModuleId; kernel: KernelId }) => Promise<Result<undefined>>;

async function forEachKernel(session: Session, reach: ReachLevel): Promise<readonly Failure[]> {
  if (isOfRpm(session)) return autoinstallNow(session);
  const { host } = session;
  const named = await broughtModule(session);
  if (!named.ok) return [named.error];
  const { module, source } = named.value;
  const kernels = kernelsOf(session);
  if (!kernels.ok) return refuse(session, kernels.error);
  const confFile = await namedConfFile(session, module);
  if (!confFile.ok) return refuse(session, confFile.error);
  const course = courseOf({ ...session, tell: helping(session) }, confFile.value);
  if (source !== undefined) {
    const added = await addModule(course, module, source);
    if (!added.ok) return [added.error];
  }
  const failures: Failure[] = [];
  for (const kernel of kernels.value) {
    if (host.signal.aborted) break;
    const result = await reach(course, { module, kernel });
    if (!result.ok) failures.push(result.error);
    // What is not there for one kernel is there for none.
    if (!result.ok && !hasSource(host, module)) break;
  }
  return [...failures, ...(await finishCourse(session, course))];
}

/** What is done beforehand where an archive stands for the module. */
function mayBeArchive(): Pick<Runner, "check" | "before"> {
  return {
    check: (session) => (archiveWord(session) === undefined ? undefined : checkArchive(session)),
    before: installRpm,
  };
}

interface BroughtModule extends NamedModule {
  /** It came in an archive, and is added by now. */
  readonly isLoaded: boolean;
}

/** The module that is named, or that an archive holds. What fails has been told. */
async function broughtModule(session: Session): Promise<Result<BroughtModule>> {
  if (archiveWord(session) !== undefined) {
    const module = await loadArchive(session);
    return module.ok ? { ok: true, value: { module: module.value, source: undefined, isLoaded: true } } : module;
  }
  const named = await addableModule(session);
  if (named.ok) return { ok: true, value: { ...named.value, isLoaded: false } };
  refuse(session, named.error);
  return named;
}

async function addModule(course: Course, module: ModuleId, source: string | undefined): Promise<Result<undefined>> {
  const target = source === undefined ? { module } : { module, source };
  const added = await carryOut(course, { action: "add", what: moduleKey(module) }, () => add(course.host, target));
  if (!added.ok) return added;
  added.value.undo.commit();
  return { ok: true, value: undefined };
}

function chooseKernels(session: Session, module: ModuleId): Result<readonly KernelId[]> {
  return session.call.options.all ? { ok: true, value: builtKernels(session.host, module) } : kernelsOf(session);
}

/** A kernel that is not there may only be written wrongly. */
function helping({ host, tell, call }: Session): (event: CourseEvent) => void {
  return (event) => {
    const isKernel = event.type === "failure" && ["E_NO_HEADERS", "E_NO_KERNEL"].includes(event.failure.code);
    const hints = isKernel ? call.kernels.flatMap(({ release }) => suggestKernel(host, release ?? "") ?? []) : [];
    if (event.type !== "failure" || hints.length === 0) return tell(event);
    const remedy = `${hints.join(" ")} ${event.failure.remedy ?? ""}`.trim();
    tell({ ...event, failure: { ...event.failure, remedy } });
  };
}

function failureOf(result: Result<unknown>): Failure | undefined {
  return result.ok ? undefined : result.error;
}
