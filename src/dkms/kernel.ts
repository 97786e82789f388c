import type { KernelId } from "./id.ts";

/** One kernel of the install tree, as far as it concerns out-of-tree modules. */
export interface Kernel {
  readonly id: KernelId;
  /** `<install tree>/<release>` */
  readonly directory: string;
  /** Where modules are built against; `undefined` if there is no directory `include` in it. */
  readonly headers: KernelHeaders | undefined;
  /** The configuration that counts instead of the one among the headers; it may not be there. */
  readonly config?: string;
  /** depmod has been here: modules.dep exists. */
  readonly hasModulesDep: boolean;
  /**
   * The kernel itself is here: its own modules in kernel/, or the lists that its build has made. What depmod has written
   * alone tells nothing: it stays where the package of a kernel was removed.
   */
  readonly isInstalled: boolean;
  /** How the kernel's own modules are compressed; new ones are compressed alike. */
  readonly compression: Compression;
}

export interface KernelHeaders {
  /** What `kernel_source_dir` is in dkms.conf: `<install tree>/<release>/build`, as it stands, or what Paths.headers says. */
  readonly directory: string;
  /** SHA-256 over what decides how a module comes out: configuration, Module.symvers, release. */
  readonly digest: string;
}

export type Compression = "none" | "gz" | "xz" | "zst";

/** `.ko` and its compressed forms, longest first. */
export const objectSuffixes = [".ko.zst", ".ko.gz", ".ko.xz", ".ko"] as const;
