import type { BuildRecord } from "../build-record.ts";
import type { KernelId, ModuleId } from "../id.ts";

/**
 * How a DKMS tarball is laid out. `source`: any archive with a dkms.conf in it. `mktarball`:
 * dkms_source_tree/ and dkms_main_tree/. `binaries-only`: dkms_binaries_only/ and dkms_main_tree/.
 */
export type TarballFormat = "source" | "mktarball" | "binaries-only";

/** What an archive holds, read through once and checked. All of it is only what the archive claims. */
export interface TarballIndex {
  /** Of the archive file, lower-case hexadecimal. */
  readonly sha256: string;
  readonly format: TarballFormat;
  readonly module: ModuleId;
  /** Sorted by kernel. */
  readonly binaries: readonly TarballBinary[];
  /** False: the dkms.conf comes without anything to build from. */
  readonly hasSource: boolean;
}

/** The build for one kernel in an archive. */
export interface TarballBinary {
  readonly kernel: KernelId;
  /** File names, sorted, e.g. `demo.ko.xz`. */
  readonly objects: readonly string[];
  /** The record that whoever built it with this program put in. */
  readonly record?: BuildRecord;
}
