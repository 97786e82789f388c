import type { DesiredState } from "../desired-state/desired-state.ts";
import { didYouMean } from "../dkms/did-you-mean.ts";
import { moduleKey } from "../dkms/id.ts";
import { kernelIds } from "../dkms/read-kernels.ts";
import { readTree } from "../dkms/read-tree.ts";
import type { Host } from "../host/host.ts";
import type { ModulePattern, SharedOptions } from "./shared-options.ts";
import type { UsageError } from "./usage-error.ts";

interface Named {
  readonly name: string;
  readonly version: string;
}

/**
 * The first `--module` that names none of the known modules: a typing error must not look like "nothing to do".
 * `undefined` if all do.
 */
export function unknownModule(patterns: readonly ModulePattern[], known: readonly Named[]): UsageError | undefined {
  const unknown = patterns.find((pattern) => !known.some((module) => matches(pattern, module)));
  if (!unknown) return undefined;
  const text =
    unknown.version === undefined ? unknown.name : moduleKey({ name: unknown.name, version: unknown.version });
  return { message: `--module: no module "${text}" is known.`, hint: hintFor(unknown, text, known) };
}

function matches({ name, version }: ModulePattern, module: Named): boolean {
  return name === module.name && (version === undefined || module.version === "*" || version === module.version);
}

function hintFor({ name }: ModulePattern, text: string, known: readonly Named[]): string {
  const versions = known.filter((module) => module.name === name).map(({ version }) => version);
  if (versions.length > 0) return `Known of ${name}: ${versions.join(", ")}.`;
  const names = [...new Set(known.map((module) => module.name))];
  const all = names.length === 0 ? "The documents name no module." : `Known are: ${shorten(names).join(", ")}.`;
  return didYouMean(text, known.map(moduleKey)) ?? didYouMean(name, names) ?? all;
}

function shorten(names: readonly string[]): readonly string[] {
  const most = 10;
  return names.length <= most ? names : [...names.slice(0, most), `and ${names.length - most} more`];
}

/** The modules that `--module` may name: those of the documents; where unlisted ones are pruned, of the tree too. */
export function knownModules(desired: DesiredState, inTree: () => readonly Named[]): readonly Named[] {
  return desired.unlisted === "prune" ? [...desired.modules, ...inTree()] : desired.modules;
}

/**
 * Why `--kernel` cannot be meant: no such kernel in the install tree, and no document spells it. `undefined` if it can.
 * A typing error must not look like "nothing to do".
 */
export function unknownKernel(
  release: string | undefined,
  { desired, present }: { readonly desired: Pick<DesiredState, "modules">; readonly present: () => readonly string[] },
): UsageError | undefined {
  if (release === undefined) return undefined;
  const spelled = desired.modules
    .flatMap(({ kernels }) => kernels)
    .flatMap((one) => (one.kind === "exact" ? one.release : []));
  if (spelled.includes(release)) return undefined;
  const releases = present();
  if (releases.includes(release)) return undefined;
  const known =
    releases.length === 0 ? "The install tree has no kernel." : `There are: ${shorten(releases).join(", ")}.`;
  const hint = didYouMean(release, [...releases, ...spelled]) ?? known;
  return { message: `--kernel: there is no kernel "${release}" in the install tree.`, hint };
}

/** The first thing that the options narrow a plan to and that is not there. */
export function unknownFilter(
  host: Host,
  desired: DesiredState,
  { modules, kernel }: Pick<SharedOptions, "modules" | "kernel">,
): UsageError | undefined {
  const known = knownModules(desired, () => readTree(host).modules.map(({ id }) => id));
  const present = () => kernelIds(host).map(({ release }) => release);
  return unknownModule(modules, known) ?? unknownKernel(kernel, { desired, present });
}
