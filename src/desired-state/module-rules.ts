import type { Fault } from "./diagnostic.ts";
import { isDeprecatedDirective } from "./directive-names.ts";
import type { ModuleShape } from "./schema.ts";
import { quote } from "./source-text.ts";

/** A rule that an entry of `modules` breaks, and the keys that lead to what is to blame. */
export interface BrokenRule {
  readonly path: readonly PropertyKey[];
  readonly fault: Fault;
}

type Rule = (module: ModuleShape) => readonly BrokenRule[];

/** All rules about how the keys of one entry go together: what the schema of one key cannot say. */
export function checkModule(module: ModuleShape): readonly BrokenRule[] {
  return rules.flatMap((rule) => rule(module));
}

const rules: readonly Rule[] = [
  everyVersionOnlyWithAbsent,
  namesThatBuildsCannotHave,
  absentTakesNoSource,
  eachTarballOnce,
  absentTakesNoKernels,
  absentIsNotProtected,
  neverBuilds,
  settingsOfBuildsThatNeverHappen,
  kernelsOfModulesThatAreOnlyAdded,
  initramfsOfWhatIsNotInstalled,
  onlyNegations,
  deprecatedDirectives,
];

function everyVersionOnlyWithAbsent({ version, state }: ModuleShape): readonly BrokenRule[] {
  if (version !== "*" || state === "absent") return [];
  const message = 'The version "*", every version, goes only with "state: absent".';
  return [broken("version", "E_CONFLICT", message, "Name the version that is wanted.")];
}

/**
 * Name and version become part of the build directory's path, which the makefiles of the kernel hand to make, a shell
 * and the compiler without quoting it. Tried with each printable character, and 6.1 and 6.12.
 */
function namesThatBuildsCannotHave({ name, version, state, build }: ModuleShape): readonly BrokenRule[] {
  if (state === "absent" || state === "added" || build === "never") return [];
  return Object.entries({ name, version }).flatMap(([key, text]) => {
    const [sign] = /["$%&'(),:;<>\\`|]/.exec(text) ?? /#/.exec(text) ?? [];
    if (sign === undefined) return [];
    const which = `The module ${key} ${quote(text)} contains ${quote(sign)}`;
    const hint = "Give the module another PACKAGE_NAME or PACKAGE_VERSION in its dkms.conf.";
    if (sign === "#")
      return [broken(key, "W_BAD_NAME", `${which}: old kernels cannot be built for in such a path.`, hint)];
    return [broken(key, "E_BAD_VALUE", `${which}: no kernel's makefiles can build in such a path.`, hint)];
  });
}

function absentTakesNoSource({ state, ...module }: ModuleShape): readonly BrokenRule[] {
  if (state !== "absent") return [];
  const present = (["source", "tarballs"] as const).filter((key) => module[key] !== undefined);
  const hint = "Leave one of the two out.";
  return present.map((key) => broken(key, "E_CONFLICT", `A module that is to be absent takes no ${key}.`, hint));
}

function eachTarballOnce({ tarballs = [] }: ModuleShape): readonly BrokenRule[] {
  return tarballs.flatMap(({ path }, index): BrokenRule[] => {
    if (tarballs.findIndex((other) => other.path === path) === index) return [];
    const message = `The tarball ${quote(path)} is listed already.`;
    return [{ path: ["tarballs", index], fault: { code: "E_CONFLICT", message, hint: "Keep one of the two." } }];
  });
}

/** Absent means all of it: who gives kernels here expects the module to stay for the others. */
function absentTakesNoKernels({ kernels, state }: ModuleShape): readonly BrokenRule[] {
  if (kernels === undefined || state !== "absent") return [];
  const message = "A module that is to be absent goes from every kernel, so it takes no kernels.";
  return [broken("kernels", "E_CONFLICT", message, "To keep it for some kernels, name those and leave the state out.")];
}

function absentIsNotProtected({ protect, state }: ModuleShape): readonly BrokenRule[] {
  if (protect !== "true" || state !== "absent") return [];
  const message = "A module that is protected cannot be wanted absent.";
  return [broken("protect", "E_CONFLICT", message, "Leave one of the two out.")];
}

function neverBuilds({ build, state, ...module }: ModuleShape): readonly BrokenRule[] {
  if (build !== "never" || state === "absent" || state === "added") return [];
  const present = (["source", "timeout"] as const).filter((key) => module[key] !== undefined);
  const hint = "Leave one of the two out.";
  return present.map((key) => broken(key, "W_NO_EFFECT", `"${key}" has no effect with "build: never".`, hint));
}

function settingsOfBuildsThatNeverHappen(module: ModuleShape): readonly BrokenRule[] {
  if (module.state !== "absent" && module.state !== "added") return [];
  const present = (["directives", "timeout", "build"] as const).filter((key) => module[key] !== undefined);
  return present.map((key) => broken(key, "W_NO_EFFECT", `"${key}" has no effect with "state: ${module.state}".`));
}

function kernelsOfModulesThatAreOnlyAdded({ kernels, state }: ModuleShape): readonly BrokenRule[] {
  if (kernels === undefined || state !== "added") return [];
  return [broken("kernels", "W_NO_EFFECT", '"kernels" has no effect with "state: added": nothing is built for any.')];
}

function initramfsOfWhatIsNotInstalled({ initramfs, state = "installed" }: ModuleShape): readonly BrokenRule[] {
  if (initramfs !== "true" || state === "installed") return [];
  return [broken("initramfs", "W_NO_EFFECT", `"initramfs" has no effect with "state: ${state}".`)];
}

/** Whether a list of selectors only takes away, and so chooses nothing. */
export function choosesNothing(kernels: ModuleShape["kernels"]): boolean {
  return kernels?.every((selector) => typeof selector === "object" && selector.not !== undefined) ?? false;
}

/** What is said about such a list. */
export const onlyNegationsFault: Fault = {
  code: "E_BAD_VALUE",
  message: "The list only takes kernels away, so it chooses none.",
  hint: 'Add what to take them from, for example "installed".',
};

function onlyNegations({ kernels }: ModuleShape): readonly BrokenRule[] {
  return choosesNothing(kernels) ? [{ path: ["kernels"], fault: onlyNegationsFault }] : [];
}

function deprecatedDirectives({ directives = {} }: ModuleShape): readonly BrokenRule[] {
  const names = Object.keys(directives).filter((name) => isDeprecatedDirective(name));
  return names.map((name) => ({
    path: ["directives", name],
    fault: { code: "W_NO_EFFECT", message: `DKMS no longer does anything with ${name}.`, hint: "Leave it out." },
  }));
}

function broken(key: string, code: Fault["code"], message: string, hint?: string): BrokenRule {
  return { path: [key], fault: { code, message, ...(hint === undefined ? {} : { hint }) } };
}
