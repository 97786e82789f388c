import type { KnownConfs } from "./load-conf.ts";

/** What somebody says in place of a module's own dkms.conf, and what of it has been worked out. */
export interface Overrides {
  /** As `dkms --directive NAME=value`. */
  readonly directives?: Readonly<Record<string, string>>;
  /** As `dkms -c`: the dkms.conf to go by; absolute. */
  readonly confFile?: string;
  /** What one run has evaluated: its build and its install of an instance ask bash once. */
  readonly known?: KnownConfs;
}

/** The same, as loadConf takes it. */
export function confOverrides({ directives, confFile, known }: Overrides) {
  return {
    ...(directives && { directives }),
    ...(confFile !== undefined && { file: confFile }),
    ...(known && { known }),
  };
}
