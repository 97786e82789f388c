import type {
  ActualState,
  InstanceState,
  ModuleState,
  PendingMake,
  ProblemKind,
  Prospect,
  SourceDirectory,
  SourceState,
  TarballProblem,
  TarballState,
} from "../../src/actual-state/actual-state.ts";
import type {
  DesiredModule,
  DesiredState,
  DesiredTarball,
  Selector,
  SourcePlace,
} from "../../src/desired-state/desired-state.ts";
import type { BuildInputs } from "../../src/dkms/build-record.ts";
import type { DkmsConf } from "../../src/dkms/conf/dkms-conf.ts";
import { fail, succeed } from "../../src/dkms/failure.ts";
import type { RememberedFailure } from "../../src/dkms/failure-memory.ts";
import {
  type InstanceAddress,
  instanceAddress,
  type KernelId,
  kernelKey,
  type ModuleId,
  moduleKey,
  parseModuleKey,
} from "../../src/dkms/id.ts";
import type { Kernel } from "../../src/dkms/kernel.ts";
import type { Wishes } from "../../src/dkms/last-applied.ts";

/**
 * Worlds for the planner: an actual state and a desired state in a few lines, with defaults for everything that a test
 * does not care about. Kernels are named K1, K2, …; every kernel has headers and modules.dep unless it is said.
 */
export interface WorldOptions {
  readonly kernels?: readonly (string | KernelOptions)[];
  /** `name/version` -> what is there. */
  readonly modules?: Readonly<Record<string, ModuleOptions>>;
  /** `name/version` -> digest of what lies in the source tree. Default: `source-1` for every module that is named. */
  readonly sources?: Readonly<Record<string, SourceOptions>>;
  /** `name/version@release` or `name/version` -> what dkms.conf says. */
  readonly confs?: Readonly<Record<string, ConfOptions>>;
  /** `name/version` -> the archives that were looked into, in their order. */
  readonly tarballs?: Readonly<Record<string, readonly TarballOptions[]>>;
  /** Names of packages of which killed runs have left something. */
  readonly strays?: readonly string[];
  readonly depmodOwed?: readonly string[];
  /** `name/version@release` -> the object that modules.dep does not name. */
  readonly depmodBehind?: Readonly<Record<string, string>>;
  /** Release -> what its initramfs is known to hold, by name: whether as it is installed; `none`: there is no image. */
  readonly initramfs?: Readonly<Record<string, Readonly<Record<string, boolean>> | "none">> | undefined;
  /** Release -> that it is not made yet. */
  readonly initramfsPending?: Readonly<Record<string, PendingMake>>;
  /** Why no initramfs can be made. */
  readonly initramfsHindrance?: string;
  /** `name/version` of each. */
  readonly protectedModules?: readonly string[] | "unknown";
  readonly lastApplied?: Wishes | undefined;
  /** Names of kernel objects that are loaded. */
  readonly loaded?: readonly string[];
  /** Name of a kernel object that was taken away while it was loaded -> the module that it was of. */
  readonly stillLoaded?: Readonly<Record<string, string>>;
  readonly complete?: boolean;
  readonly missingTools?: readonly string[];
  /** By whose key objects have to be signed; `undefined`: they need not be. */
  readonly signer?: string | undefined;
  /** `name/version@release` -> the failure whose next try is not due yet. */
  readonly failedBefore?: Readonly<Record<string, RememberedFailure>>;
  readonly runningKernel?: string | undefined;
}

export interface KernelOptions {
  readonly release: string;
  readonly headers?: string | undefined;
  readonly hasModulesDep?: boolean;
}

export interface ModuleOptions {
  readonly link?: ModuleState["link"];
  readonly leftovers?: readonly string[];
  /** Releases whose build was moved aside. */
  readonly displaced?: readonly string[];
  /** release -> the instance for that kernel. */
  readonly instances?: Readonly<Record<string, InstanceOptions>>;
}

export interface InstanceOptions {
  readonly level: "built" | "installed";
  /** What it was built from; `none`: dell/dkms built it. Default: what it would be built from now. */
  readonly inputs?: Partial<BuildInputs> | "none";
  /** The archive that it was loaded from. */
  readonly tarball?: string | undefined;
  /** By whose key it is signed; default: it is not. */
  readonly signer?: string | undefined;
  readonly problems?: readonly ProblemKind[];
}

/** An archive `/srv/<sha256>.tar.gz`. */
export interface TarballOptions {
  readonly sha256: string;
  /** Releases that it holds a binary for. */
  readonly kernels?: readonly string[];
  readonly hasSource?: boolean;
  /** Nothing of it is known. */
  readonly problem?: TarballProblem["kind"];
  readonly code?: TarballProblem["code"];
}

export interface SourceOptions {
  readonly inTree?: string | undefined;
  /** The archive that brought it. */
  readonly tarball?: string;
  readonly confOnly?: boolean;
  readonly given?: string | undefined;
}

export interface ConfOptions {
  readonly buildDepends?: readonly string[];
  /** Object names; default: the module's name. */
  readonly objects?: readonly string[];
  readonly exclusion?: string;
  readonly invalid?: string;
}

const arch = "x86_64";

/** A kernel's identity by its release alone. */
export function kernelId(release: string): KernelId {
  return { release, arch };
}

/** A module's identity from `name/version`. */
export function moduleId(key: string): ModuleId {
  const id = parseModuleKey(key);
  if (!id) throw new Error(`not a module key: ${key}`);
  return id;
}

/** The inputs that {@link actualState} takes for "now" unless a test says otherwise. */
export const freshInputs: BuildInputs = {
  source: "source-1",
  conf: "conf-1",
  headers: "headers-1",
  compiler: "compiler-1",
  dependencies: {},
};

/** An actual state. */
export function actualState(options: WorldOptions = {}): ActualState {
  const kernels = (options.kernels ?? ["K1"]).map(toKernel);
  const modules = Object.entries(options.modules ?? {}).map(([key, one]) => toModule(moduleId(key), one));
  const keys = new Set([...Object.keys(options.modules ?? {}), ...Object.keys(options.sources ?? {})]);
  const sources = new Map([...keys].map((key) => [moduleKey(moduleId(key)), toSource(key, options)]));
  const prospects = new Map<InstanceAddress, Prospect>();
  for (const key of keys) {
    for (const { id } of kernels) {
      const instance = { module: moduleId(key), kernel: id };
      prospects.set(instanceAddress(instance), toProspect(key, id.release, { options, kernels, sources }));
    }
  }
  return {
    kernels,
    runningKernel: "runningKernel" in options ? options.runningKernel : kernels[0]?.id.release,
    arch,
    loaded: new Map((options.loaded ?? []).map((name) => [name, untold])),
    protectedModules:
      options.protectedModules === "unknown"
        ? undefined
        : new Set((options.protectedModules ?? []).map((key) => moduleKey(moduleId(key)))),
    lastApplied: options.lastApplied,
    stillLoaded: new Map(
      Object.entries(options.stillLoaded ?? {}).map(([name, module]) => [name, { ...untold, module }]),
    ),
    initramfs: toInitramfs(options, modules),
    depmodOwed: (options.depmodOwed ?? []).map(kernelId),
    depmodBehind: new Map(Object.entries(options.depmodBehind ?? {}).map(([key, file]) => [addressOf(key), file])),
    modules,
    strays: (options.strays ?? []).map((name) => ({ name, paths: [`/var/lib/dkms/${name}/.dkms-agent-${name}.0`] })),
    sources,
    prospects,
    tarballs: new Map(
      Object.entries(options.tarballs ?? {}).map(([key, all]) => [
        moduleKey(moduleId(key)),
        all.map((one) => toTarball(key, one)),
      ]),
    ),
    findings: options.complete === false ? [{ code: "E_IO", path: "/x", message: "/x cannot be read" }] : [],
    complete: options.complete ?? true,
  };
}

const untold = { srcversion: undefined, buildId: undefined };

/** What nobody has installed is not held as it is installed. */
function toInitramfs(
  { initramfs, initramfsHindrance: text, initramfsPending: pending = {} }: WorldOptions,
  modules: readonly ModuleState[],
): ActualState["initramfs"] {
  if (!initramfs) return undefined;
  const isInstalled = (release: string, name: string) =>
    modules.some(
      ({ id, instances }) =>
        id.name === name && instances.some((one) => one.level === "installed" && one.kernel.release === release),
    );
  const kernels = Object.entries(initramfs).map(([release, held]) => {
    const all = held === "none" ? [] : Object.entries(held);
    const holds = new Map(all.map(([name, isCurrent]) => [name, isCurrent && isInstalled(release, name)]));
    return [
      kernelKey(kernelId(release)),
      { image: held === "none" ? undefined : `/boot/initrd.img-${release}`, holds, pending: pending[release] },
    ] as const;
  });
  return { hindrance: text === undefined ? undefined : { text, remedy: "" }, kernels: new Map(kernels) };
}

function toKernel(given: string | KernelOptions): Kernel {
  const kernel: KernelOptions = typeof given === "string" ? { release: given } : given;
  const digest = "headers" in kernel ? kernel.headers : "headers-1";
  const directory = `/lib/modules/${kernel.release}`;
  return {
    id: kernelId(kernel.release),
    directory,
    headers: digest === undefined ? undefined : { directory: `${directory}/build`, digest },
    hasModulesDep: kernel.hasModulesDep ?? true,
    isInstalled: true,
    compression: "none",
  };
}

function toModule(id: ModuleId, { link = "linked", instances = {}, ...options }: ModuleOptions): ModuleState {
  const { leftovers = [], displaced = [] } = options;
  return {
    id,
    link,
    leftovers: [
      ...leftovers,
      ...displaced.map((release) => `/var/lib/dkms/${id.name}/${id.version}/${release}/.aside`),
    ],
    displaced: displaced.map(kernelId),
    instances: Object.entries(instances).map(([release, one]) =>
      toInstance({ module: id, kernel: kernelId(release) }, one),
    ),
  };
}

/** An instance that is there, as the scan would report it. */
export function toInstance(
  { module, kernel }: { module: ModuleId; kernel: KernelId },
  { level, inputs = {}, problems = [], tarball, signer }: InstanceOptions,
): InstanceState {
  const path = `/lib/modules/${kernel.release}/updates/dkms/${module.name}.ko`;
  return {
    kernel,
    level,
    objects: [
      { file: `${module.name}.ko`, sha256: "1", installed: level === "installed" ? { path, sha256: "1" } : undefined },
    ],
    record:
      inputs === "none"
        ? undefined
        : {
            format: 1,
            module,
            kernel,
            inputs: { ...freshInputs, ...inputs },
            builtAt: "2026-01-01T00:00:00.000Z",
            durationMs: 1,
            objects: [],
            ...(tarball !== undefined && { tarball: { sha256: tarball } }),
            ...(signer !== undefined && { signer }),
          },
    problems: problems.map((kind) => ({ kind, message: `${path}: ${kind}`, path })),
    originalsSaved: false,
  };
}

function toSource(key: string, { sources }: WorldOptions): SourceState {
  const id = moduleId(key);
  const { inTree, given, tarball, confOnly = false }: SourceOptions = sources?.[key] ?? { inTree: "source-1" };
  const isMissing = given === "missing" || (given === undefined && inTree === undefined);
  return {
    id,
    inTree:
      inTree === undefined
        ? undefined
        : { ...toDirectory(`/usr/src/${id.name}-${id.version}`, inTree), confOnly, tarball },
    given: given === undefined || given === "missing" ? undefined : toDirectory(`/srv/${id.name}`, given),
    problem: isMissing ? { text: "there is no source", remedy: "put it there" } : undefined,
  };
}

function toDirectory(directory: string, digest: string): SourceDirectory {
  return { directory, digest, confOnly: false, tarball: undefined };
}

/** The archive as a document lists it. */
export function listed(...digests: readonly string[]): readonly DesiredTarball[] {
  return digests.map((sha256) => ({ path: `/srv/${sha256}.tar.gz`, sha256 }));
}

function toTarball(
  key: string,
  { sha256, kernels = [], hasSource = false, problem, code = "E_TARBALL" }: TarballOptions,
): TarballState {
  const module = moduleId(key);
  const path = `/srv/${sha256}.tar.gz`;
  if (problem) {
    const text = `${path} is ${problem}`;
    return { path, sha256, found: { ok: false, error: { kind: problem, code, text, remedy: "bring a sound one" } } };
  }
  const binaries = kernels.map((release) => ({ kernel: kernelId(release), objects: [`${module.name}.ko`] }));
  const format = hasSource ? "mktarball" : "binaries-only";
  return { path, sha256, found: succeed({ sha256, format, module, binaries, hasSource }) };
}

interface ProspectWorld {
  readonly options: WorldOptions;
  readonly kernels: readonly Kernel[];
  readonly sources: ReadonlyMap<string, SourceState>;
}

function toProspect(key: string, release: string, { options, kernels, sources }: ProspectWorld): Prospect {
  const conf = options.confs?.[`${key}@${release}`] ?? options.confs?.[key] ?? {};
  const source = sources.get(key);
  const digest = source?.given?.digest ?? source?.inTree?.digest;
  const headers = kernels.find(({ id }) => id.release === release)?.headers?.digest;
  const known = digest !== undefined && headers !== undefined;
  return {
    conf: conf.invalid === undefined ? succeed(confOf(moduleId(key), conf)) : fail("E_CONF_INVALID", conf.invalid),
    exclusion: conf.exclusion,
    inputs: known ? { ...freshInputs, source: digest, headers } : undefined,
    signer: options.signer,
    missingTools: options.missingTools ?? [],
    failedBefore: options.failedBefore?.[`${key}@${release}`],
  };
}

function confOf({ name, version }: ModuleId, { buildDepends = [], objects = [name] }: ConfOptions): DkmsConf {
  return {
    packageName: name,
    packageVersion: version,
    objects: objects.map((object) => {
      return { builtName: object, builtLocation: "", destName: object, destLocation: "/updates", strip: true };
    }),
    make: undefined,
    patches: [],
    scripts: {},
    buildDepends,
    buildDependsRebuild: false,
    exclusive: { arch: undefined, config: undefined, kernel: undefined, kernelMin: undefined, kernelMax: undefined },
    obsoleteBy: undefined,
    autoinstall: true,
    noWeakModules: false,
    notices: [],
  };
}

const file = "/etc/dkms-agent/desired-state/modules.yaml";

function placeInLine(line: number): SourcePlace {
  return { file, range: { line, column: 11, endLine: line, endColumn: 12 } };
}

/** A desired state: each entry `name/version`, with whatever differs from "installed for every kernel". */
export function desiredState(
  entries: Readonly<Record<string, Partial<DesiredModule>>>,
  unlisted: DesiredState["unlisted"] = "report",
): DesiredState {
  const modules = Object.entries(entries).map(([key, more], index): DesiredModule => {
    const slash = key.indexOf("/");
    return {
      name: key.slice(0, slash),
      version: key.slice(slash + 1),
      state: "installed",
      source: undefined,
      kernels: everyKernel,
      directives: {},
      timeoutMs: undefined,
      build: "auto",
      protect: false,
      initramfs: false,
      tarballs: [],
      position: { file, line: index + 4, column: 11 },
      places: { version: placeInLine(index + 4), kernels: [] },
      ...more,
    };
  });
  return { paths: [file], files: [{ path: file, sha256: "0" }], sha256: "0", unlisted, modules };
}

const everyKernel: readonly Selector[] = [{ kind: "installed" }];

/** `name/version@release` */
function addressOf(key: string): InstanceAddress {
  const [module = "", release = ""] = key.split("@");
  return instanceAddress({ module: moduleId(module), kernel: kernelId(release) });
}
