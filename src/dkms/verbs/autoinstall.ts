import path from "node:path";
import type { Host } from "../../host/host.ts";
import type { DkmsConf } from "../conf/dkms-conf.ts";
import { loadConf } from "../conf/load-conf.ts";
import { type Failure, fail } from "../failure.ts";
import { type InstanceId, type KernelId, type ModuleId, moduleKey, nameProblem } from "../id.ts";
import { absentKernel, readKernel } from "../read-kernels.ts";
import { readTree } from "../read-tree.ts";
import { dependencyMark } from "../tree-layout.ts";
import { compareVersions } from "../version-order.ts";
import type { Course } from "./course.ts";
import { reachBuilt, reachInstalled } from "./reach-level.ts";
import { activeVersion, isActive, isBuilt } from "./tree-checks.ts";

/**
 * Installs for one kernel the newest version of every known module that asks for it with AUTOINSTALL and is not installed
 * yet; dependencies first. With BUILD_DEPENDS_REBUILD, what was built against another version of a dependency is built
 * anew. One failure does not stop the rest; what dkms.conf excludes is skipped, and no failure.
 * /etc/dkms/no-autoinstall switches it off.
 *
 * Returns what is to be reported at the end: `undefined`, E_NO_HEADERS (21), or one failure for all (11). Every single
 * one has been told before.
 */
export async function autoinstall(course: Course, kernel: KernelId): Promise<Failure | undefined> {
  const { host } = course;
  const switchedOff = path.join(host.paths.dkmsSettings, "no-autoinstall");
  if (host.files.stat(switchedOff)) {
    course.tell({ type: "notice", text: `Nothing is installed by itself: ${switchedOff} is there.` });
    return undefined;
  }
  const run: Run = { course, kernel, failures: [], skipped: [] };
  const candidates = await findCandidates(run);
  const ready = withoutHeaders(run, candidates);
  await installInOrder(run, ready);
  return conclude(run);
}

interface Run {
  readonly course: Course;
  readonly kernel: KernelId;
  readonly failures: Failure[];
  readonly skipped: string[];
}

interface Candidate {
  readonly instance: InstanceId;
  readonly conf: DkmsConf;
}

async function findCandidates(run: Run): Promise<Candidate[]> {
  const { course, kernel } = run;
  const candidates: Candidate[] = [];
  for (const module of newestVersions(course)) {
    const instance = { module, kernel };
    const conf = await readConf(course, instance);
    if (!conf.ok) {
      failed(run, conf.error);
      continue;
    }
    const isWanted = conf.value.autoinstall && (!isInstalled(course.host, instance) || conf.value.buildDependsRebuild);
    if (isWanted) candidates.push({ instance, conf: conf.value });
  }
  return candidates;
}

/** What is broken is told, and is no failure: one of them would otherwise stop every installation of a kernel. */
function newestVersions({ host, tell }: Course): ModuleId[] {
  const newest = new Map<string, ModuleId>();
  for (const { id, link } of readTree(host).modules) {
    if (link !== "linked") {
      tell({ type: "notice", text: `${moduleKey(id)} is broken and left out: its source is not there.` });
      continue;
    }
    const known = newest.get(id.name);
    if (!known || compareVersions(known.version, id.version) < 0) newest.set(id.name, id);
  }
  return [...newest.values()];
}

function readConf({ host, confs: known }: Course, { module, kernel: id }: InstanceId): ReturnType<typeof loadConf> {
  const kernel = readKernel(host, id) ?? absentKernel(host, id);
  return loadConf(host, { module, kernel, known });
}

/** Without headers only what is built can be installed; one message for all the rest. */
function withoutHeaders(run: Run, candidates: readonly Candidate[]): readonly Candidate[] {
  const { course, kernel } = run;
  const found = readKernel(course.host, kernel);
  if (found?.headers) return candidates;
  const built = candidates.filter(({ instance }) => isBuilt(course.host, instance));
  const others = candidates.filter((candidate) => !built.includes(candidate));
  if (others.length === 0) return candidates;
  const names = others.map(({ instance }) => moduleKey(instance.module)).join(", ");
  const { release } = kernel;
  const place = path.join(course.host.paths.installTree, release, "build");
  const message = `The headers of ${release} are not there, so these cannot be built: ${names}.`;
  const remedy = `Install them (Debian: linux-headers-${release}; Fedora: kernel-devel-${release}).`;
  failed(run, fail("E_NO_HEADERS", message, { path: place, remedy, dkmsExit: 21 }).error);
  return built;
}

/** In rounds: whatever has all it depends on. What is left when nothing moves lacks something. */
async function installInOrder(run: Run, candidates: readonly Candidate[]): Promise<void> {
  const { course, kernel } = run;
  const { host } = course;
  let waiting = candidates;
  for (let moved = true; moved && waiting.length > 0; ) {
    moved = false;
    for (const candidate of waiting) {
      const names = new Set(waiting.filter((other) => other !== candidate).map(nameOf));
      const { buildDepends } = candidate.conf;
      if (buildDepends.some((name) => names.has(name)) || missing(host, kernel, buildDepends).length > 0) continue;
      waiting = waiting.filter((other) => other !== candidate);
      moved = true;
      await installOne(run, candidate);
      if (host.signal.aborted) return;
    }
  }
  for (const { instance, conf } of waiting) {
    const names = missing(host, kernel, conf.buildDepends).join(", ");
    const circle = names === "" ? conf.buildDepends.join(", ") : names;
    const message = `${moduleKey(instance.module)} needs ${circle}, not installed for ${kernel.release}.`;
    const remedy = `Install ${circle} for this kernel first.`;
    failed(run, fail("E_DEPENDENCY", message, { remedy, dkmsExit: 13 }).error);
  }
}

async function installOne(run: Run, candidate: Candidate): Promise<void> {
  const { course, failures, skipped } = run;
  const { instance } = candidate;
  const stale = isBuilt(course.host, instance) && isStale(course.host, candidate);
  if (!stale && isInstalled(course.host, instance)) return;
  const rebuilt = stale ? await reachBuilt(course, instance, { replace: true }) : undefined;
  const result = rebuilt && !rebuilt.ok ? rebuilt : await reachInstalled(course, instance, { keepNewer: false });
  if (result.ok) return;
  if (result.error.code === "E_EXCLUDED") skipped.push(moduleKey(instance.module));
  else failures.push(result.error);
}

/** Built against another version of a dependency than is installed now. */
function isStale(host: Host, { instance, conf }: Candidate): boolean {
  if (!conf.buildDependsRebuild) return false;
  return conf.buildDepends.some((name) => {
    const built = host.files.readText(dependencyMark(host.paths, instance, name))?.trim();
    return built !== undefined && built !== activeVersion(host, name, instance.kernel);
  });
}

function missing(host: Host, kernel: KernelId, names: readonly string[]): string[] {
  return names.filter((name) => {
    const version = nameProblem(name) === undefined ? activeVersion(host, name, kernel) : undefined;
    return version === undefined || !isBuilt(host, { module: { name, version }, kernel });
  });
}

function isInstalled(host: Host, instance: InstanceId): boolean {
  return isActive(host, instance) && isBuilt(host, instance);
}

function nameOf({ instance }: Candidate): string {
  return instance.module.name;
}

function failed({ course, failures }: Run, failure: Failure): void {
  course.tell({ type: "failure", failure });
  failures.push(failure);
}

function conclude({ course, kernel, failures, skipped }: Run): Failure | undefined {
  if (skipped.length > 0) {
    const text = `Skipped, because they are not meant for ${kernel.release}: ${skipped.join(", ")}.`;
    course.tell({ type: "notice", text });
  }
  const [first] = failures;
  if (!first) return undefined;
  if (failures.every(({ code }) => code === "E_NO_HEADERS" || code === "E_CANCELLED")) return first;
  const count = failures.length === 1 ? "One module was" : `${failures.length} modules were`;
  return fail(first.code, `${count} not installed for ${kernel.release}.`, { dkmsExit: 11 }).error;
}
