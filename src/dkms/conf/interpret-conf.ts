import type { Result } from "../failure.ts";
import { type ModuleId, moduleKey } from "../id.ts";
import type { Kernel } from "../kernel.ts";
import type { DkmsConf, Exclusive, Scripts, TriedPattern } from "./dkms-conf.ts";
import { type ConfProblem, readObjects } from "./interpret-objects.ts";
import { type DirectiveName, directiveNames, entriesOf, type RawConf, scalarOf } from "./raw-conf.ts";
import type { Matcher } from "./try-patterns.ts";

export interface Interpretation {
  readonly module: ModuleId;
  readonly kernel: Kernel;
  readonly matches: Matcher;
  /** Two objects of one path or name are an error: for add, build and install, not for taking away. */
  readonly strict: boolean;
}

/** The rules of dell/dkms 3.2.2 over the raw values of a dkms.conf; every problem of the file at once. */
export function interpretConf(raw: RawConf, context: Interpretation): Result<DkmsConf, readonly ConfProblem[]> {
  const problems: ConfProblem[] = [];
  const packageName = required(raw, "PACKAGE_NAME", problems);
  const packageVersion = required(raw, "PACKAGE_VERSION", problems);
  const objects = readObjects(raw, context.strict, problems);
  const conf: DkmsConf = {
    packageName,
    packageVersion,
    objects,
    make: chooseMake(raw, context),
    patches: choosePatches(raw, context),
    scripts: readScripts(raw),
    buildDepends: valuesOf(raw, "BUILD_DEPENDS").flatMap((value) => value.split(" ").filter(Boolean)),
    buildDependsRebuild: yesOrNo(raw, "BUILD_DEPENDS_REBUILD", problems),
    exclusive: readExclusive(raw, context),
    obsoleteBy: scalarOf(raw, "OBSOLETE_BY") || undefined,
    autoinstall: yesOrNo(raw, "AUTOINSTALL", problems),
    noWeakModules: yesOrNo(raw, "NO_WEAK_MODULES", problems),
    notices: [...mismatch(packageName, packageVersion, context.module), ...noticesOf(raw, objects.length)],
  };
  return problems.length === 0 ? { ok: true, value: conf } : { ok: false, error: problems };
}

function required(raw: RawConf, directive: DirectiveName, problems: ConfProblem[]): string {
  const value = scalarOf(raw, directive);
  if (value === "") problems.push({ directive, problem: "is missing" });
  return value;
}

function yesOrNo(raw: RawConf, directive: DirectiveName, problems: ConfProblem[]): boolean {
  const value = scalarOf(raw, directive);
  if (!/^(yes|no|)$/i.test(value)) problems.push({ directive, problem: `is "${value}", neither yes nor no` });
  return value.toLowerCase() === "yes";
}

function valuesOf(raw: RawConf, name: DirectiveName): string[] {
  return entriesOf(raw).flatMap((entry) => (entry.name === name ? [entry.value] : []));
}

/** The last command whose pattern matches; the first one may do without a pattern. */
function chooseMake(raw: RawConf, context: Interpretation): string | undefined {
  const commands = countedEntries(raw, "MAKE").filter(({ index, value }) => {
    const pattern = raw.get("MAKE_MATCH")?.get(index) ?? "";
    return value !== "" && (pattern === "" ? index === 0 : matchesRelease(context, pattern));
  });
  return commands.at(-1)?.value;
}

function choosePatches(raw: RawConf, context: Interpretation): string[] {
  return countedEntries(raw, "PATCH").flatMap(({ index, value }) => {
    const pattern = raw.get("PATCH_MATCH")?.get(index) ?? "";
    return value !== "" && (pattern === "" || matchesRelease(context, pattern)) ? [value] : [];
  });
}

function matchesRelease({ matches, kernel }: Interpretation, pattern: string): boolean {
  return matches(pattern, kernel.id.release);
}

/** dell/dkms counts the entries of MAKE and PATCH and looks no further, so that a gap hides the last ones. */
function countedEntries(raw: RawConf, name: "MAKE" | "PATCH"): { index: number; value: string }[] {
  const entries = entriesOf(raw).filter((entry) => entry.name === name);
  return entries.filter(({ index }) => index < entries.length);
}

function readScripts(raw: RawConf): Scripts {
  const script = <K extends keyof Scripts>(key: K, name: DirectiveName) => {
    const line = scalarOf(raw, name);
    return line === "" ? {} : { [key]: line };
  };
  return {
    ...script("postAdd", "POST_ADD"),
    ...script("preBuild", "PRE_BUILD"),
    ...script("postBuild", "POST_BUILD"),
    ...script("preInstall", "PRE_INSTALL"),
    ...script("postInstall", "POST_INSTALL"),
    ...script("postRemove", "POST_REMOVE"),
  };
}

function readExclusive(raw: RawConf, { matches, kernel }: Interpretation): Exclusive {
  const tried = (name: DirectiveName, text: string): TriedPattern | undefined => {
    const pattern = scalarOf(raw, name);
    return pattern === "" ? undefined : { pattern, matches: matches(pattern, text) };
  };
  return {
    arch: tried("BUILD_EXCLUSIVE_ARCH", kernel.id.arch),
    config: scalarOf(raw, "BUILD_EXCLUSIVE_CONFIG") || undefined,
    kernel: tried("BUILD_EXCLUSIVE_KERNEL", kernel.id.release),
    kernelMin: scalarOf(raw, "BUILD_EXCLUSIVE_KERNEL_MIN") || undefined,
    kernelMax: scalarOf(raw, "BUILD_EXCLUSIVE_KERNEL_MAX") || undefined,
  };
}

/** dell/dkms goes by the directory's name and accepts any other in the file. */
function mismatch(name: string, version: string, module: ModuleId): string[] {
  if (name === module.name && version === module.version) return [];
  return [`dkms.conf calls itself ${name}/${version}, but is used as ${moduleKey(module)}.`];
}

function noticesOf(raw: RawConf, objects: number): string[] {
  const deprecated = directiveNames
    .filter((name) => /^(REMAKE_INITRD|MODULES_CONF)/.test(name) && raw.has(name))
    .map((name) => `${name} is deprecated and does nothing; drop it from dkms.conf.`);
  const hidden = (["MAKE", "PATCH"] as const).flatMap((name) => {
    const counted = countedEntries(raw, name).length;
    return counted === (raw.get(name)?.size ?? 0)
      ? []
      : [`${name} has gaps, and DKMS overlooks its last entries; number them from 0 without gaps.`];
  });
  return [...deprecated, ...hidden, ...(objects === 0 ? ["dkms.conf names no kernel object to build."] : [])];
}
