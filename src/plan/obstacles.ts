import type { InstanceState, Prospect, SourceState } from "../actual-state/actual-state.ts";
import type { DkmsConf } from "../dkms/conf/dkms-conf.ts";
import { moduleKey } from "../dkms/id.ts";
import type { Kernel } from "../dkms/kernel.ts";
import { releasesText } from "./releases-text.ts";
import type { NoBinary } from "./supply.ts";
import { type Blocking, blocked, type Case, findInstance } from "./verdict.ts";

/** An instance that the system does not let us read. */
export function unreadable(existing: InstanceState | undefined): Blocking | undefined {
  const problem = existing?.problems.find(({ kind }) => kind === "unreadable");
  return problem && blocked("unreadable", problem.message, "make it readable, or remove it by hand");
}

/** There is no source, or none that can be used. */
export function sourceProblem(source: SourceState | undefined): Blocking | undefined {
  return source?.problem && blocked("no-source", source.problem.text, source.problem.remedy);
}

/** The kernel is not there: nothing can be built or installed for it. */
export function kernelObstacle(given: Case): Blocking | undefined {
  if (kernelOf(given)) return undefined;
  const { release, arch } = given.instance.kernel;
  const text = `kernel ${release} (${arch}) is not in the install tree`;
  const there = releasesText(given.actual.kernels);
  const here = there === undefined ? "" : `: ${there}`;
  return blocked("no-kernel", text, `install that kernel, or correct the release in the document${here}`);
}

/** What keeps this host from building. `prospect` is `undefined` where the source is still in an archive. */
export function buildObstacle(given: Case, prospect: Prospect | undefined): Blocking | undefined {
  const { entry, instance, actual } = given;
  const { release } = instance.kernel;
  if (entry.build === "never") {
    const text = "it is not built, and `build: never` forbids to build it here";
    return blocked("no-binary", text, "bring a binary for this kernel, or allow `build: auto`");
  }
  const unknown = kernelObstacle(given);
  if (unknown) return unknown;
  const kernel = kernelOf(given);
  if (!kernel?.headers) {
    const text = `the headers of kernel ${release} are not installed (${kernel?.directory}/build/include)`;
    return blocked("no-headers", text, `install them, for example: apt-get install linux-headers-${release}`);
  }
  const source = actual.sources.get(moduleKey(instance.module));
  if (prospect && source && !source.given && source.inTree?.confOnly) {
    const text = `there is no source to build from: ${source.inTree.directory} holds nothing but dkms.conf`;
    return blocked("no-source", text, "bring the source, or an archive with a binary for this kernel");
  }
  if (!prospect || prospect.missingTools.length === 0) return undefined;
  const tools = prospect.missingTools.join(", ");
  return blocked("no-toolchain", `programs that the build needs are missing: ${tools}`, `install ${tools}`);
}

/** The same where archives were asked before: then a binary is what is missing. */
export function withoutBinary(obstacle: Blocking, { text, remedy: first }: NoBinary): Blocking {
  const reasons: readonly string[] = ["no-binary", "no-headers", "no-toolchain", "no-source"];
  if (text === undefined || !reasons.includes(obstacle.reason)) return obstacle;
  const rest = obstacle.reason === "no-binary" ? "`build: never` forbids to build it here" : obstacle.text;
  const remedy = first ?? "add an archive with a binary for this kernel to `tarballs:`";
  const other = obstacle.reason === "no-binary" ? "allow `build: auto`" : obstacle.remedy;
  return blocked("no-binary", `${text}; ${rest}`, `${remedy}, or ${other}`);
}

/** A BUILD_DEPENDS must be installed for the kernel, or be on its way there in this plan. */
export function dependencyObstacle(conf: DkmsConf, given: Case): Blocking | undefined {
  const { instance, verdictOn } = given;
  for (const name of conf.buildDepends) {
    const verdict = verdictOn(name);
    if (verdict?.kind === "nothing" || verdict?.kind === "act") continue;
    const text = `it depends on ${name}, which `;
    if (verdict?.kind === "blocked") {
      return blocked("missing-dependency", `${text}is blocked itself: ${verdict.text}`, `first mend ${name}`);
    }
    if (verdict === undefined && staysInstalled(name, given)) continue;
    const remedy = `list ${name} in the desired state for kernel ${instance.kernel.release} too`;
    return blocked("missing-dependency", `${text}is not installed for this kernel`, remedy);
  }
  return undefined;
}

/** The same was tried before, and its next try is not due yet. */
export function pastFailure({ failedBefore }: Prospect): Blocking | undefined {
  if (!failedBefore) return undefined;
  const { attempts, message, code, nextTry } = failedBefore;
  const times = attempts === 1 ? "it failed before" : `it failed ${attempts} times`;
  const text = `${times} from the same source, headers and toolchain: ${message} [${code}]`;
  const due = nextTry
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, "Z");
  const cure = code === "E_DEPMOD" ? "mend what depmod complains of, and" : "change one of them, or";
  const remedy = `${cure} try at once with --retry; the next try is due at ${due}`;
  return { ...blocked("failed-before", text, remedy), nextTry };
}

/** Whether some version of a module is installed for the kernel and not taken away by the plan. */
export function staysInstalled(name: string, { instance, actual, leaves }: Case): boolean {
  return actual.modules.some(
    (module) =>
      module.id.name === name &&
      findInstance(module, instance)?.level === "installed" &&
      !leaves({ module: module.id, kernel: instance.kernel }),
  );
}

function kernelOf({ instance, actual }: Case): Kernel | undefined {
  const { release, arch } = instance.kernel;
  return actual.kernels.find(({ id }) => id.release === release && id.arch === arch);
}
