import type {
  ActualState,
  ModuleState,
  Prospect,
  SourceDirectory,
  SourceState,
  TarballState,
} from "../../src/actual-state/actual-state.ts";
import type {
  DesiredModule,
  DesiredState,
  DesiredTarball,
  Selector,
  SourcePlace,
} from "../../src/desired-state/desired-state.ts";
import type { DkmsConf } from "../../src/dkms/conf/dkms-conf.ts";
import { fail, succeed } from "../../src/dkms/failure.ts";
import { type InstanceAddress, instanceAddress, type ModuleId, moduleKey } from "../../src/dkms/id.ts";
import type { Kernel } from "../../src/dkms/kernel.ts";
import { plainConf } from "./plain-conf.ts";
import { arch, kernelId, moduleId } from "./world-ids.ts";
import { toInitramfs } from "./world-initramfs.ts";
import { freshInputs, toInstance } from "./world-instance.ts";
import type {
  ConfOptions,
  KernelOptions,
  ModuleOptions,
  SourceOptions,
  TarballOptions,
  WorldOptions,
} from "./world-options.ts";

/**
 * An actual state in a few lines, with defaults for everything that a test does not care about. Kernels are named K1, K2, …;
 * every kernel has headers and modules.dep unless it is said.
 */
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
    conf: conf.invalid === undefined ? succeed(toConf(moduleId(key), conf)) : fail("E_CONF_INVALID", conf.invalid),
    exclusion: conf.exclusion,
    inputs: known ? { ...freshInputs, source: digest, headers } : undefined,
    signer: options.signer,
    missingTools: options.missingTools ?? [],
    failedBefore: options.failedBefore?.[`${key}@${release}`],
  };
}

function toConf({ name, version }: ModuleId, { buildDepends = [], objects = [name] }: ConfOptions): DkmsConf {
  return {
    ...plainConf({ name, version }),
    objects: objects.map((object) => {
      return { builtName: object, builtLocation: "", destName: object, destLocation: "/updates", strip: true };
    }),
    buildDepends,
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
