/** dell/dkms's verbs, in the order of its help. */
export const dkmsVerbs = [
  "add",
  "remove",
  "build",
  "unbuild",
  "install",
  "uninstall",
  "match",
  "autoinstall",
  "mktarball",
  "ldtarball",
  "status",
  "generate_mok",
  "kernel_preinst",
  "kernel_postinst",
  "kernel_prerm",
] as const;

export type DkmsVerb = (typeof dkmsVerbs)[number];

/** What a verb makes of kernels on its command line (tried with dell/dkms 3.2.2). */
export interface KernelRule {
  /** Whether --all means something to it. */
  readonly all: boolean;
  /** How many kernels it takes; of `one` there must be exactly one. */
  readonly kernels: "any" | "at most one" | "one";
}

/** Whether a word is the name of a verb. */
export function isDkmsVerb(word: string): word is DkmsVerb {
  return dkmsVerbs.some((verb) => verb === word);
}

/** The rule of each verb. */
export const kernelRules: Readonly<Record<DkmsVerb, KernelRule>> = {
  add: { all: false, kernels: "any" },
  remove: { all: true, kernels: "any" },
  build: { all: false, kernels: "any" },
  unbuild: { all: true, kernels: "any" },
  install: { all: false, kernels: "any" },
  uninstall: { all: true, kernels: "any" },
  match: { all: false, kernels: "at most one" },
  autoinstall: { all: false, kernels: "at most one" },
  mktarball: { all: true, kernels: "any" },
  ldtarball: { all: true, kernels: "any" },
  status: { all: true, kernels: "any" },
  generate_mok: { all: true, kernels: "any" },
  kernel_preinst: { all: false, kernels: "one" },
  kernel_postinst: { all: false, kernels: "one" },
  kernel_prerm: { all: false, kernels: "one" },
};
