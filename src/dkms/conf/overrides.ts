/** What somebody says in place of a module's own dkms.conf. */
export interface Overrides {
  /** As `dkms --directive NAME=value`. */
  readonly directives?: Readonly<Record<string, string>>;
  /** As `dkms -c`: the dkms.conf to go by; absolute. */
  readonly confFile?: string;
}

/** The same, as loadConf takes it. */
export function confOverrides({ directives, confFile }: Overrides) {
  return { ...(directives && { directives }), ...(confFile !== undefined && { file: confFile }) };
}
