import type { InstanceState, Prospect, SourceState } from "../actual-state/actual-state.ts";
import type { DesiredTarball } from "../desired-state/desired-state.ts";
import type { BuildInputs } from "../dkms/build-record.ts";
import type { DkmsConf } from "../dkms/conf/dkms-conf.ts";
import type { Failure } from "../dkms/failure.ts";
import { instanceAddress, type ModuleId, moduleKey } from "../dkms/id.ts";
import { bringsSource, isOutdated, isSuperseded, sourceDiffers } from "./module-source.ts";
import {
  buildObstacle,
  dependencyObstacle,
  kernelObstacle,
  pastFailure,
  sourceProblem,
  staysInstalled,
  unreadable,
  withoutBinary,
} from "./obstacles.ts";
import { staleness } from "./staleness.ts";
import type { Reason } from "./step.ts";
import { type NoBinary, supplyOf } from "./supply.ts";
import { blocked, type Case, findInstance, type Loading, type Making, makingReason, type Verdict } from "./verdict.ts";

/** What one wanted instance (state installed or built) needs to become it; a test has a row for each case. Pure. */
export function judgeInstance(given: Case): Verdict {
  const existing = findInstance(given.module, given.instance);
  const supply = unreadable(existing) ?? supplyOf(given, existing);
  switch (supply.kind) {
    case "blocked":
      return supply;
    case "loaded":
      return linkObstacle(given) ?? towards(given, existing, {});
    case "load":
      return confObstacle(given, supply.loading) ?? towards(given, existing, { load: supply.loading });
    case "none":
      return judgeBuild(given, existing, supply);
  }
}

/** What is loaded is used as it is, as long as there is a dkms.conf, or an archive that brings it back. */
function linkObstacle({ instance, module, actual }: Case): Verdict | undefined {
  const key = moduleKey(instance.module);
  return module?.link === "linked" || actual.tarballs.has(key) ? undefined : sourceProblem(actual.sources.get(key));
}

/** A dkms.conf that is there, and that the archive does not replace, must be usable. */
function confObstacle({ entry, instance, actual }: Case, loading: Loading): Verdict | undefined {
  const source = actual.sources.get(moduleKey(instance.module));
  const conf = actual.prospects.get(instanceAddress(instance))?.conf;
  if (!source?.inTree || isSuperseded(source, entry, loading) || !conf || conf.ok) return undefined;
  return invalidConf(conf.error);
}

function invalidConf({ message, remedy }: Failure): Verdict {
  return blocked("invalid-conf", message, remedy ?? "mend its dkms.conf");
}

function judgeBuild(given: Case, existing: InstanceState | undefined, supply: NoBinary): Verdict {
  const { entry, instance, actual } = given;
  const source = actual.sources.get(moduleKey(instance.module));
  if (supply.source && bringsSource(source, entry))
    return judgeUnpacked(given, existing, { ...supply, source: supply.source });
  const prospect = actual.prospects.get(instanceAddress(instance));
  const missing = sourceProblem(source);
  if (missing) return withoutBinary(missing, supply);
  if (!prospect) return blocked("no-source", `${moduleKey(instance.module)} was not examined`, "run it again");
  if (!prospect.conf.ok) return invalidConf(prospect.conf.error);
  if (prospect.exclusion !== undefined) return { kind: "not-applicable", text: prospect.exclusion };
  const conf = prospect.conf.value;
  const inputs = futureInputs(prospect, given);
  const wish =
    buildReason(given, { existing, source, inputs, signer: prospect.signer }) ??
    (inputs && !staysLoaded(given, existing) ? dependencyRebuild(conf, given) : undefined);
  if (!wish) return towards(given, existing, {});
  const obstacle =
    unsureObstacle(wish, supply) ??
    buildObstacle(given, prospect) ??
    dependencyObstacle(conf, given) ??
    pastFailure(prospect);
  if (!obstacle) return towards(given, existing, { build: wish });
  return isAdopted(given, existing, wish) ? towards(given, existing, {}) : withoutBinary(obstacle, supply);
}

/** Of a build without a record nobody knows what it was made from: it is adopted where it cannot be made again. */
function isAdopted({ entry }: Case, existing: InstanceState | undefined, wish: Reason): boolean {
  if (wish.code === "tarball-unlisted") return entry.tarballs.length === 0;
  const suspicion = wish.code === "source-changed" || wish.code === "dependency-changed";
  return existing !== undefined && !existing.record && suspicion;
}

/** What was loaded from an archive is not built over while the one that may replace it is out of reach. */
function unsureObstacle({ code }: Reason, { unsure, text = "" }: NoBinary): ReturnType<typeof sourceProblem> {
  if (code !== "tarball-unlisted" || !unsure) return undefined;
  return blocked("no-binary", text, "bring the archive back, or take it out of the document");
}

/** The source is still in an archive, so what its dkms.conf says is for the build to find out. */
function judgeUnpacked(
  given: Case,
  existing: InstanceState | undefined,
  supply: NoBinary & { readonly source: DesiredTarball },
): Verdict {
  const source = given.actual.sources.get(moduleKey(given.instance.module));
  const build = unpackReason(given, existing, { source, file: supply.source.path });
  if (!build) return towards(given, existing, {});
  const obstacle = buildObstacle(given, undefined);
  return obstacle ? withoutBinary(obstacle, supply) : towards(given, existing, { build, sourceFrom: supply.source });
}

function unpackReason(
  { entry }: Case,
  existing: InstanceState | undefined,
  { source, file }: { readonly source: SourceState | undefined; readonly file: string },
): Reason | undefined {
  if (!existing) return { code: "not-built", text: `it is not built for this kernel, and ${file} holds its source` };
  const damage = damageReason(existing);
  if (damage) return damage;
  if (isOutdated(source, entry))
    return { code: "source-changed", text: `its source came from another archive than ${file} is now` };
  return existing.record?.tarball && unlistedReason;
}

const unlistedReason: Reason = {
  code: "tarball-unlisted",
  text: "it was loaded from an archive that the document does not list",
};

function damageReason({ problems }: InstanceState): Reason | undefined {
  for (const { kind, message } of problems)
    if (kind === "object-missing" || kind === "wrong-vermagic") return { code: kind, text: message };
  return undefined;
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
  readonly signer: string | undefined;
}

function buildReason(given: Case, { existing, source, inputs, signer }: BuildCase): Reason | undefined {
  if (!existing) return { code: "not-built", text: "it is not built for this kernel" };
  const damage = damageReason(existing);
  if (damage) return damage;
  if (existing.record?.tarball) return staysLoaded(given, existing) ? undefined : unlistedReason;
  if (!existing.record && sourceDiffers(source)) {
    return { code: "source-changed", text: "the source that the document names is not the one in the source tree" };
  }
  return staleness(existing.record, { inputs, signer });
}

/**
 * Where nothing may be built and no archive is listed, what was loaded is meant, whatever becomes of what it was made
 * from.
 */
function staysLoaded({ entry }: Case, existing: InstanceState | undefined): boolean {
  return existing?.record?.tarball !== undefined && entry.build === "never" && entry.tarballs.length === 0;
}

/** A dependency that is not the same afterwards takes its dependents with it: their symbols and versions come from it. */
function dependencyRebuild(conf: DkmsConf, { verdictOn }: Case): Reason | undefined {
  const changed = conf.buildDepends.find((name) => {
    const verdict = verdictOn(name);
    if (verdict?.kind !== "act") return false;
    const isRepaired = verdict.install?.code === "installed-differs" || verdict.install?.code === "installed-missing";
    return makingReason(verdict) !== undefined || !isRepaired;
  });
  if (changed === undefined) return undefined;
  return { code: "dependency-changed", text: `${changed}, which it depends on, is built or installed anew` };
}

/** With the steps from a build to what is wanted. */
function towards(given: Case, existing: InstanceState | undefined, making: Making): Verdict {
  const verdict =
    given.entry.state === "built" ? towardsBuilt(existing, making) : towardsInstalled(given, existing, making);
  const installs = verdict.kind === "act" && verdict.install !== undefined;
  return (installs ? kernelObstacle(given) : undefined) ?? verdict;
}

function towardsBuilt(existing: InstanceState | undefined, making: Making): Verdict {
  const orphan = existing?.problems.find(({ kind }) => kind === "orphan");
  const uninstall: Reason | undefined =
    existing?.level === "installed"
      ? { code: "wanted-built", text: "it is wanted as built, not installed" }
      : orphan && { code: "orphan", text: orphan.message };
  if (!makingReason(making) && !uninstall) return { kind: "nothing" };
  return {
    kind: "act",
    ...making,
    ...(uninstall && { uninstall }),
    replacesBuild: existing !== undefined,
    replaces: [],
  };
}

function towardsInstalled({ instance, actual }: Case, existing: InstanceState | undefined, making: Making): Verdict {
  const replaces = actual.modules
    .filter(({ id }) => id.name === instance.module.name && id.version !== instance.module.version)
    .filter((module) => findInstance(module, instance)?.level === "installed")
    .map(({ id }) => id);
  const install = makingReason(making) ?? installReason(existing, replaces);
  if (!install) return { kind: "nothing" };
  return { kind: "act", ...making, install, replacesBuild: existing !== undefined, replaces };
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
