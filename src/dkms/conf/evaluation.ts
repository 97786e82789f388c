import type { RawConf } from "./raw-conf.ts";

/** What a dkms.conf says, before any rule. */
export interface Evaluation {
  readonly raw: RawConf;
  /** What the files wrote to stderr. */
  readonly complaints: readonly string[];
}
