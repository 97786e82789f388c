import type { ArchiveLimits } from "../../host/archive/archive-limits.ts";
import type { KernelId, ModuleId } from "../id.ts";

/** What to load, and what is known of it beforehand. */
export interface LoadRequest {
  /** An absolute path. */
  readonly file: string;
  /** The archive must have this digest; lower-case hexadecimal. Asked before anything of it is unpacked. */
  readonly sha256?: string;
  /** The archive must be of this module. */
  readonly module?: ModuleId;
  /** Only the builds for these, each of which must be in the archive. Default: all that it holds. */
  readonly kernels?: readonly KernelId[];
}

export interface LoadOptions {
  /** Default: {@link defaultArchiveLimits}. */
  readonly limits?: ArchiveLimits;
  /** Builds that are there already and differ, or came from another archive, make way. Default: they stay. */
  readonly replace?: boolean;
  /** So does the source. */
  readonly replaceSource?: boolean;
  /** Loads builds without source also where there is none: a directory that holds nothing but dkms.conf stands for it. */
  readonly withoutSource?: boolean;
  /** Fails with E_ALREADY_ADDED if the module is in the DKMS tree, unless all of the archive is loaded already. */
  readonly onlyNew?: boolean;
  /** Told of every piece how much of the file has been read, in bytes. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Told what the archive turns out to be of, and which of its builds are meant, before anything is put in its place. */
  readonly onFound?: (module: ModuleId, kernels: readonly KernelId[]) => void;
}
