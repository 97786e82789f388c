import type { ActualState, InstanceState, ModuleState, Prospect, SourceState } from "../actual-state/actual-state.ts";
import type { DesiredModule } from "../desired-state/desired-state.ts";
import type { BuildInputs } from "../dkms/build-record.ts";
import type { DkmsConf } from "../dkms/conf/dkms-conf.ts";
import { type InstanceId, instanceAddress, type ModuleId, moduleKey } from "../dkms/id.ts";
import type { Kernel } from "../dkms/kernel.ts";
import type { BlockReason } from "./plan.ts";
import { staleness } from "./staleness.ts";
import type { Reason } from "./step.ts";

/** What is to become of one instance. */
export type Verdict =
  | { readonly kind: "nothing" }
  | { readonly kind: "blocked"; readonly reason: BlockReason; readonly text: string; readonly remedy: string }
  | { readonly kind: "not-applicable"; readonly text: string }
  | Acting;

/** Each reason says that its step is needed, and why. */
export interface Acting {
  readonly kind: "act";
  readonly build?: Reason;
  readonly install?: Reason;
  readonly uninstall?: Reason;
  readonly unbuild?: Reason;
  /** There is a build already: the new one is made beside it and swapped in. */
  readonly replacesBuild: boolean;
  /** Versions that the install takes away in the same step. */
  readonly replaces: readonly ModuleId[];
}

/** Everything that the judgement of one wanted instance looks at. */
export interface Case {
  readonly entry: DesiredModule;
  readonly instance: InstanceId;
  readonly actual: ActualState;
  readonly module: ModuleState | undefined;
  /** The verdict on the instance of a BUILD_DEPENDS for the same kernel, if it is wanted as installed; already given. */
  readonly verdictOn: (dependency: string) => Verdict | undefined;
  /** Whether an instance that is there is taken away by the same plan. */
  readonly leaves: (instance: InstanceId) => boolean;
}

/** What one wanted instance (state installed or built) needs: the rows of design section 6. Pure. */
export function judgeInstance(given: Case): Verdict {
  const { entry, instance, actual, module } = given;
  const address = instanceAddress(instance);
  const existing = findInstance(module, instance);
  const source = actual.sources.get(moduleKey(instance.module));
  const prospect = actual.prospects.get(address);
  const unusable = sourceProblem(source) ?? unreadable(existing);
  if (unusable) return unusable;
  if (!prospect) return blocked("no-source", `${moduleKey(instance.module)} was not examined`, "run it again");
  if (!prospect.conf.ok) {
    const { message, remedy } = prospect.conf.error;
    return blocked("invalid-conf", message, remedy ?? "mend its dkms.conf");
  }
  if (prospect.exclusion !== undefined) return { kind: "not-applicable", text: prospect.exclusion };
  const conf = prospect.conf.value;
  const inputs = futureInputs(prospect, given);
  const wish = buildReason({ existing, source, inputs }) ?? (inputs && dependencyRebuild(conf, given));
  const obstacle = wish && (buildObstacle(given, prospect) ?? dependencyObstacle(conf, given) ?? pastFailure(prospect));
  // Of a build without a record nobody knows what it was made from: it is adopted where it cannot be made again.
  const suspicion = wish?.code === "source-changed" || wish?.code === "dependency-changed";
  const adopted = obstacle && existing && !existing.record && suspicion;
  if (obstacle && !adopted) return obstacle;
  const build = adopted ? undefined : wish;
  const verdict = entry.state === "built" ? towardsBuilt(existing, build) : towardsInstalled(given, existing, build);
  const installs = verdict.kind === "act" && verdict.install !== undefined;
  return (installs ? kernelObstacle(given) : undefined) ?? verdict;
}

/** The instance of a module for a kernel, if there is one. */
export function findInstance(module: ModuleState | undefined, { kernel }: InstanceId): InstanceState | undefined {
  return module?.instances.find((one) => one.kernel.release === kernel.release && one.kernel.arch === kernel.arch);
}

function blocked(reason: BlockReason, text: string, remedy: string): Verdict {
  return { kind: "blocked", reason, text, remedy };
}

function sourceProblem(source: SourceState | undefined): Verdict | undefined {
  return source?.problem && blocked("no-source", source.problem.text, source.problem.remedy);
}

function unreadable(existing: InstanceState | undefined): Verdict | undefined {
  const problem = existing?.problems.find(({ kind }) => kind === "unreadable");
  return problem && blocked("unreadable", problem.message, "make it readable, or remove it by hand");
}

/** What a build would be made from once this plan is through: without the dependencies that it takes away. */
function futureInputs(prospect: Prospect, given: Case): BuildInputs | undefined {
  if (!prospect.inputs) return undefined;
  const stays = ([name]: [string, string]) => {
    const verdict = given.verdictOn(name);
    return verdict?.kind === "nothing" || verdict?.kind === "act" || staysInstalled(name, given);
  };
  const dependencies = Object.fromEntries(Object.entries(prospect.inputs.dependencies).filter(stays));
  return { ...prospect.inputs, dependencies };
}

interface BuildCase {
  readonly existing: InstanceState | undefined;
  readonly source: SourceState | undefined;
  readonly inputs: BuildInputs | undefined;
}

function buildReason({ existing, source, inputs }: BuildCase): Reason | undefined {
  if (!existing) return { code: "not-built", text: "it is not built for this kernel" };
  for (const { kind, message } of existing.problems) {
    if (kind === "object-missing" || kind === "wrong-vermagic") return { code: kind, text: message };
  }
  if (!existing.record && sourceDiffers(source)) {
    return { code: "source-changed", text: "the source that the document names is not the one in the source tree" };
  }
  return staleness(existing.record, inputs);
}

/** Whether the source that the document names has to be copied to the source tree (again). */
export function sourceDiffers(source: SourceState | undefined): boolean {
  return source?.given !== undefined && source.given.digest !== source.inTree?.digest;
}

/** A dependency that is not the same afterwards takes its dependents with it: their symbols and versions come from it. */
function dependencyRebuild(conf: DkmsConf, { verdictOn }: Case): Reason | undefined {
  const changed = conf.buildDepends.find((name) => {
    const verdict = verdictOn(name);
    if (verdict?.kind !== "act") return false;
    const isRepaired = verdict.install?.code === "installed-differs" || verdict.install?.code === "installed-missing";
    return verdict.build !== undefined || !isRepaired;
  });
  if (changed === undefined) return undefined;
  return { code: "dependency-changed", text: `${changed}, which it depends on, is built or installed anew` };
}

function kernelOf({ instance, actual }: Case): Kernel | undefined {
  const { release, arch } = instance.kernel;
  return actual.kernels.find(({ id }) => id.release === release && id.arch === arch);
}

function kernelObstacle(given: Case): Verdict | undefined {
  if (kernelOf(given)) return undefined;
  const { release, arch } = given.instance.kernel;
  const text = `kernel ${release} (${arch}) is not in the install tree`;
  return blocked("no-kernel", text, "install that kernel, or correct the release in the document");
}

function buildObstacle(given: Case, prospect: Prospect): Verdict | undefined {
  const { entry, instance } = given;
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
  if (prospect.missingTools.length === 0) return undefined;
  const tools = prospect.missingTools.join(", ");
  return blocked("no-toolchain", `programs that the build needs are missing: ${tools}`, `install ${tools}`);
}

function pastFailure({ failedBefore }: Prospect): Verdict | undefined {
  if (!failedBefore) return undefined;
  const { attempts, message, code, nextTry } = failedBefore;
  const times = attempts === 1 ? "it failed before" : `it failed ${attempts} times`;
  const text = `${times} from the same source, headers and toolchain: ${message} [${code}]`;
  const remedy = `change one of them, or try at once with --retry; the next try is due at ${nextTry.toISOString()}`;
  return blocked("failed-before", text, remedy);
}

/** A BUILD_DEPENDS must be installed for the kernel, or be on its way there in this plan. */
function dependencyObstacle(conf: DkmsConf, given: Case): Verdict | undefined {
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

function staysInstalled(name: string, { instance, actual, leaves }: Case): boolean {
  return actual.modules.some(
    (module) =>
      module.id.name === name &&
      findInstance(module, instance)?.level === "installed" &&
      !leaves({ module: module.id, kernel: instance.kernel }),
  );
}

function towardsBuilt(existing: InstanceState | undefined, build: Reason | undefined): Verdict {
  const orphan = existing?.problems.find(({ kind }) => kind === "orphan");
  const uninstall: Reason | undefined =
    existing?.level === "installed"
      ? { code: "wanted-built", text: "it is wanted as built, not installed" }
      : orphan && { code: "orphan", text: orphan.message };
  if (!build && !uninstall) return { kind: "nothing" };
  return {
    kind: "act",
    ...(build && { build }),
    ...(uninstall && { uninstall }),
    replacesBuild: existing !== undefined,
    replaces: [],
  };
}

function towardsInstalled(
  { instance, actual }: Case,
  existing: InstanceState | undefined,
  build: Reason | undefined,
): Verdict {
  const replaces = actual.modules
    .filter(({ id }) => id.name === instance.module.name && id.version !== instance.module.version)
    .filter((module) => findInstance(module, instance)?.level === "installed")
    .map(({ id }) => id);
  const install = build ?? installReason(existing, replaces);
  if (!install) return { kind: "nothing" };
  return { kind: "act", ...(build && { build }), install, replacesBuild: existing !== undefined, replaces };
}

function installReason(existing: InstanceState | undefined, replaces: readonly ModuleId[]): Reason | undefined {
  const [other] = replaces;
  if (other) return { code: "other-version", text: `version ${other.version} is installed instead` };
  if (existing?.level !== "installed") return { code: "not-installed", text: "it is built, but not installed" };
  for (const { kind, path } of existing.problems) {
    const file = path.slice(path.lastIndexOf("/") + 1);
    if (kind === "installed-missing") return { code: kind, text: `${file} is gone from the install tree` };
    if (kind === "installed-differs") return { code: kind, text: `${file} is not the one that was built` };
  }
  return undefined;
}
