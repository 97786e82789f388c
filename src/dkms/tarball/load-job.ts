import type { ModuleId } from "../id.ts";
import type { LoadOptions, LoadRequest } from "./load-request.ts";
import type { StagedTarball } from "./stage-tarball.ts";
import type { TarballBinary } from "./tarball.ts";

export interface Unpacking {
  readonly request: LoadRequest;
  readonly options: LoadOptions;
  /** Where the archive is unpacked. */
  readonly directory: string;
}

/** An archive that is unpacked, and found to be what it should be. */
export interface LoadJob extends Unpacking {
  readonly staged: StagedTarball;
  readonly module: ModuleId;
  /** Those to be loaded. */
  readonly binaries: readonly TarballBinary[];
}
