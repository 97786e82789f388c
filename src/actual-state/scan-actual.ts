import path from "node:path";
import { noKnownConfs } from "../dkms/conf/load-conf.ts";
import { readDistribution } from "../dkms/destination.ts";
import { type InstanceAddress, instanceAddress, type KernelId, moduleKey, nameProblem } from "../dkms/id.ts";
import type { Kernel } from "../dkms/kernel.ts";
import { readLastApplied, type Wishes } from "../dkms/last-applied.ts";
import { readProtected } from "../dkms/protections.ts";
import { kernelIds, readKernel } from "../dkms/read-kernels.ts";
import { readLoaded } from "../dkms/read-loaded.ts";
import { readTree, type TreeModule } from "../dkms/read-tree.ts";
import { defaultSigning } from "../dkms/signing/signing.ts";
import {
  depmodMarks,
  initramfsRecords,
  lastAppliedFile,
  protectionsDirectory,
  rememberedFailures,
  stillLoadedFile,
} from "../dkms/state-layout.ts";
import { readStillLoaded } from "../dkms/still-loaded.ts";
import type { Host } from "../host/host.ts";
import { rememberReads } from "../host/remember-reads.ts";
import type { ActualState, Finding, ModuleState, Prospect, ProspectRequest, ScanRequest } from "./actual-state.ts";
import { findMisplaced } from "./find-misplaced.ts";
import { attempt, type Scan } from "./scan.ts";
import { scanDepmod } from "./scan-depmod.ts";
import { type ScannedInstance, type ScannedModule, scanInstance } from "./scan-instance.ts";
import { type ProspectContext, scanProspect } from "./scan-prospect.ts";
import { scanSource } from "./scan-source.ts";
import { scanStrays } from "./scan-strays.ts";
import type { TarballScan } from "./scan-tarballs.ts";

/**
 * Reads what is there: the trees, the kernels, and for each asked instance what a build would be made from. What cannot
 * be read is a finding. Nothing is written, and of what lies in the trees only dkms.conf files are evaluated.
 */
export async function scanActual(asked: Host, request: ScanRequest): Promise<ActualState> {
  const host = rememberReads(asked);
  const tree = readTree(host);
  const findings: Finding[] = [...tree.findings];
  const kernels = scanKernels(host, findings);
  const requests = request.prospects(kernels);
  const scan: Scan = {
    host,
    kernels,
    distribution: attempt({ findings }, host.paths.osRelease, () => readDistribution(host)) ?? "unknown",
    directives: new Map(requests.map((one) => [instanceAddress(one), one.directives])),
    findings,
    indexes: new Map(),
    listings: new Map(),
    destinations: new Map(),
    confs: noKnownConfs(request.evaluations),
  };
  const scanned = await scanModules(scan, tree.modules);
  const modules = judgeModules(scan, scanned);
  const strays = scanStrays(scan, tree, scanned);
  const sources = new Map(request.sources.map((one) => [moduleKey(one.module), scanSource(scan, one)]));
  const seesFailures = !request.retry && scanRememberedFailures(scan);
  const { signing = defaultSigning } = request;
  const known = { facts: new Map(), signers: new Map(), confDigests: new Map() };
  const prospects = await scanProspects({ scan, sources, seesFailures, signing, ...known }, requests);
  const tarballs = await lookIntoTarballs({ host, request, prospects: requests, modules, sources });
  return {
    kernels,
    runningKernel: host.machine.runningKernel,
    arch: host.machine.arch,
    loaded: attempt(scan, host.paths.loaded, () => readLoaded(host)) ?? new Map(),
    stillLoaded: attempt(scan, stillLoadedFile(host.paths), () => readStillLoaded(host)) ?? new Map(),
    protectedModules: attempt(scan, protectionsDirectory(host.paths), () => readProtected(host)),
    lastApplied: scanLastApplied(scan),
    depmodOwed: scanDepmodMarks(scan),
    depmodBehind: scanDepmod(scan, modules),
    initramfs: await lookAtInitramfs(scan, { request, modules }),
    modules,
    strays,
    sources,
    prospects,
    tarballs,
    findings: outermost(findings),
    complete: findings.every(({ code }) => code === "E_BAD_NAME" || code === "E_BAD_RECORD"),
  };
}

/** A directory that nobody may enter is one thing to tell, whatever was looked for in it. */
function outermost(findings: readonly Finding[]): readonly Finding[] {
  const closed = findings.filter(({ code }) => code === "E_PERMISSION").map((finding) => `${finding.path}/`);
  return findings.filter(({ code, path: place }) => {
    return code !== "E_PERMISSION" || !closed.some((directory) => place.startsWith(directory));
  });
}

/** What it takes to read archives is loaded only where documents list some. */
async function lookIntoTarballs(scan: TarballScan): Promise<ActualState["tarballs"]> {
  if (!scan.request.tarballs?.length) return new Map();
  const { scanTarballs } = await import("./scan-tarballs.ts");
  return scanTarballs(scan);
}

/** What it takes is loaded only where somebody asks for it, or once has. */
async function lookAtInitramfs(
  scan: Scan,
  { request, modules }: { readonly request: ScanRequest; readonly modules: readonly ModuleState[] },
): Promise<ActualState["initramfs"]> {
  const place = initramfsRecords(scan.host.paths);
  if (!request.initramfs && attempt(scan, place, () => scan.host.files.stat(place)) === undefined) return undefined;
  const { scanInitramfs } = await import("./scan-initramfs.ts");
  return scanInitramfs(scan, modules);
}

function scanKernels(host: Host, findings: Finding[]): Kernel[] {
  const { installTree } = host.paths;
  const ids = attempt({ findings }, installTree, () => kernelIds(host)) ?? [];
  return ids.flatMap(
    (id) => attempt({ findings }, path.join(installTree, id.release), () => readKernel(host, id)) ?? [],
  );
}

async function scanModules(scan: Scan, modules: readonly TreeModule[]): Promise<ScannedModule[]> {
  const scanned: ScannedModule[] = [];
  for (const module of modules) {
    const instances: ScannedInstance[] = [];
    for (const one of module.instances)
      instances.push(await scanInstance(scan, { module: module.id, kernel: one.kernel }, one));
    scanned.push({ module, instances });
  }
  return scanned;
}

/** With what only shows when all of them are known. */
function judgeModules(scan: Scan, scanned: readonly ScannedModule[]): ModuleState[] {
  const misplaced = findMisplaced(
    scan,
    scanned.flatMap(({ instances }) => instances),
  );
  return scanned.map(({ module: { id, link, displaced, leftovers }, instances }) => ({
    id,
    link,
    displaced,
    leftovers,
    instances: instances.map(({ id: address, state }) => ({
      ...state,
      problems: [...state.problems, ...(misplaced.get(instanceAddress(address)) ?? [])],
    })),
  }));
}

async function scanProspects(
  context: ProspectContext,
  requests: readonly ProspectRequest[],
): Promise<Map<InstanceAddress, Prospect>> {
  const prospects = new Map<InstanceAddress, Prospect>();
  for (const request of requests) prospects.set(instanceAddress(request), await scanProspect(context, request));
  return prospects;
}

function scanRememberedFailures(scan: Scan): boolean {
  const place = rememberedFailures(scan.host.paths);
  return attempt(scan, place, () => scan.host.files.stat(place)) !== undefined;
}

function scanDepmodMarks(scan: Scan): KernelId[] {
  const marks = depmodMarks(scan.host.paths);
  const names = (directory: string): string[] =>
    (attempt(scan, directory, () => scan.host.files.list(directory)) ?? []).map(({ name }) => name);
  return names(marks)
    .flatMap((release) => names(path.join(marks, release)).map((arch) => ({ release, arch })))
    .filter(({ release, arch }) => nameProblem(release) === undefined && nameProblem(arch) === undefined);
}

/** Without it every change looks like the first of its kind, which hinders nobody. */
function scanLastApplied(scan: Scan): Wishes | undefined {
  const file = lastAppliedFile(scan.host.paths);
  const last = attempt(scan, file, () => readLastApplied(scan.host));
  if (last !== "unusable") return last;
  scan.findings.push({ code: "E_BAD_RECORD", path: file, message: `${file} is not usable: it is not used.` });
  return undefined;
}
