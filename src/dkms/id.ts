/**
 * Identities that every room shares. Keys are branded strings, so that a module key cannot be taken for an address,
 * and each has its inverse beside it.
 */

/** What DKMS calls module/module-version: one source package with a dkms.conf. */
export interface ModuleId {
  readonly name: string;
  readonly version: string;
}

/** One kernel: `uname -r` and the machine architecture as `uname -m` spells it. */
export interface KernelId {
  readonly release: string;
  readonly arch: string;
}

/** One module for one kernel. */
export interface InstanceId {
  readonly module: ModuleId;
  readonly kernel: KernelId;
}

declare const brand: unique symbol;
/** `name/version` */
export type ModuleKey = string & { readonly [brand]: "ModuleKey" };
/** `release/arch` */
export type KernelKey = string & { readonly [brand]: "KernelKey" };
/** `name/version@release/arch` */
export type InstanceAddress = string & { readonly [brand]: "InstanceAddress" };
/** `name`, without a version */
export type PackageKey = string & { readonly [brand]: "PackageKey" };
/** What a step or a change is about: an instance, a whole module, a kernel (depmod), or all versions of a module. */
export type Address = InstanceAddress | ModuleKey | KernelKey | PackageKey;

/** `name/version` */
export function moduleKey(module: ModuleId): ModuleKey {
  return `${module.name}/${module.version}` as ModuleKey;
}

/** All versions of a module, whatever they are. */
export function packageKey(name: string): PackageKey {
  return name as PackageKey;
}

/** The inverse of {@link moduleKey}; `undefined` if the text is not `name/version` with a usable name and version. */
export function parseModuleKey(text: string): ModuleId | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return undefined;
  const module = { name: text.slice(0, slash), version: text.slice(slash + 1) };
  return moduleProblem(module) ? undefined : module;
}

/** `release/arch` */
export function kernelKey(kernel: KernelId): KernelKey {
  return `${kernel.release}/${kernel.arch}` as KernelKey;
}

/** The inverse of {@link kernelKey}; `undefined` if the text is not `release/arch`. */
export function parseKernelKey(text: string): KernelId | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return undefined;
  const kernel = { release: text.slice(0, slash), arch: text.slice(slash + 1) };
  return nameProblem(kernel.release) || nameProblem(kernel.arch) ? undefined : kernel;
}

/** `name/version@release/arch` */
export function instanceAddress({ module, kernel }: InstanceId): InstanceAddress {
  return `${moduleKey(module)}@${kernelKey(kernel)}` as InstanceAddress;
}

/** The inverse of {@link instanceAddress}. A version may hold an `@`, a kernel release may not: the last one counts. */
export function parseInstanceAddress(text: string): InstanceId | undefined {
  const at = text.lastIndexOf("@");
  if (at < 0) return undefined;
  const module = parseModuleKey(text.slice(0, at));
  const kernel = parseKernelKey(text.slice(at + 1));
  return module && kernel ? { module, kernel } : undefined;
}

/** Why there cannot be a module of this id; `undefined` if there can. */
export function moduleProblem({ name, version }: ModuleId): string | undefined {
  return moduleNameProblem(name) ?? versionProblem(version);
}

/** Why a text cannot be a module's name: that of no directory, or of a file that lies beside the modules in the DKMS tree. */
export function moduleNameProblem(text: string): string | undefined {
  const isTaken = ["mok.key", "mok.pub", "post_transaction.log"].includes(text);
  return nameProblem(text) ?? (isTaken ? "is the name of a file in the DKMS tree" : undefined);
}

/** Why a text cannot be a module's version: that of no directory, or of what lies beside the versions in the DKMS tree. */
export function versionProblem(text: string): string | undefined {
  const isTaken = text === "original_module" || text.startsWith("kernel-");
  return nameProblem(text) ?? (isTaken ? "is a name that DKMS keeps for itself" : undefined);
}

/**
 * Why a text cannot be a module name, a version, a kernel release or an architecture: these become directory names
 * below the trees and words of command lines, so they must be one plain path component. `undefined` if it can.
 */
export function nameProblem(text: string): string | undefined {
  return usualName.test(text) ? undefined : unusualProblem(text);
}

/** Nearly every name; the scan asks for thousands of them. */
const usualName = /^[A-Za-z0-9_][\w.+~:@-]{0,150}$/;

function unusualProblem(text: string): string | undefined {
  if (text === "") return "is empty";
  if (text === "." || text === "..") return `is "${text}", which is not a name`;
  if (text.includes("/")) return "contains a slash";
  if (/[\u0000-\u001f\u007f]/.test(text)) return "contains a control character";
  if (/\s/.test(text)) return "contains white space";
  if (text.startsWith("-")) return "begins with a hyphen, which commands would take for an option";
  if (text.startsWith(".")) return "begins with a dot, which hides it from DKMS";
  if (Buffer.byteLength(text) > 200) return "is longer than 200 bytes";
  return undefined;
}
