import { type Result, succeed } from "../dkms/failure.ts";

/** The command line of dell/dkms, as far as every verb shares it (dkms-facts: Command line). */
export interface DkmsArguments {
  readonly verb: string | undefined;
  readonly module: string | undefined;
  readonly version: string | undefined;
  readonly kernels: readonly KernelWord[];
  readonly arches: readonly string[];
  readonly all: boolean;
  readonly quiet: boolean;
  /** Asked for with --version or --help, whatever else is said. */
  readonly info: "version" | "help" | undefined;
  readonly places: { root?: string; dkmsTree?: string; sourceTree?: string; installTree?: string };
  /** Options that are accepted and say nothing to the verbs that there are. */
  readonly others: readonly string[];
  /** Sentences for stderr: ignored words, deprecated options. */
  readonly notices: readonly string[];
}

export interface KernelWord {
  readonly release: string;
  readonly arch: string | undefined;
}

/** What cannot be meant, with dell/dkms's exit code for it. */
export interface DkmsUsageError {
  readonly message: string;
  readonly exitCode: number;
}

/** dell/dkms's verbs. */
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

type Draft = { -readonly [Key in keyof DkmsArguments]: DkmsArguments[Key] } & {
  kernels: KernelWord[];
  arches: string[];
  others: string[];
  notices: string[];
};

type Take = (draft: Draft, value: string) => void;

const valued: Readonly<Record<string, Take>> = {
  "-m": takeModule,
  "--module": takeModule,
  "-v": (draft, value) => {
    draft.version = textOrNone(value);
  },
  "-k": takeKernel,
  "--kernelver": takeKernel,
  "--kernelversion": takeKernel,
  "-a": takeArch,
  "--arch": takeArch,
  "--root": (draft, value) => {
    draft.places.root = value;
  },
  "--dkmstree": (draft, value) => {
    draft.places.dkmsTree = value;
  },
  "--sourcetree": (draft, value) => {
    draft.places.sourceTree = value;
  },
  "--installtree": (draft, value) => {
    draft.places.installTree = value;
  },
  ...named(["-c", "-j", "--templatekernel", "--directive", "--config", "--archive", "--kernelsourcedir"]),
};

const flags: Readonly<Record<string, (draft: Draft) => void>> = {
  "--all": (draft) => {
    draft.all = true;
  },
  "-q": beQuiet,
  "--quiet": beQuiet,
  "-V": (draft) => {
    draft.info = "version";
  },
  "--version": (draft) => {
    draft.info = "version";
  },
  "-h": (draft) => {
    draft.info = "help";
  },
  "--help": (draft) => {
    draft.info = "help";
  },
  ...named([
    "--force",
    "--force-version-override",
    "--binaries-only",
    "--source-only",
    "--no-depmod",
    "--modprobe-on-install",
    "--symlink-modules",
    "--rpm_safe_upgrade",
    "--verbose",
  ]),
  ...deprecated(["--no-initrd", "--no-clean-kernel", "--no-prepare-kernel"]),
};

/** Reads arguments as dell/dkms does: in any order, a word that is no verb and no option is the module. */
export function parseDkmsArguments(args: readonly string[]): Result<DkmsArguments, DkmsUsageError> {
  const draft: Draft = {
    ...{ verb: undefined, module: undefined, version: undefined, info: undefined },
    ...{ kernels: [], arches: [], all: false, quiet: false, places: {}, others: [], notices: [] },
  };
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] ?? "";
    const equals = word.startsWith("--") ? word.indexOf("=") : -1;
    const option = equals < 0 ? word : word.slice(0, equals);
    const take = valued[option];
    const flag = equals < 0 ? flags[option] : undefined;
    if (take) {
      take(draft, equals < 0 ? (args[at + 1] ?? "") : word.slice(equals + 1));
      if (equals < 0) at += 1;
    } else if (flag) flag(draft);
    else if (word.startsWith("-")) return refuse(`Unknown option: ${word}.`, 2);
    else if (dkmsVerbs.some((verb) => verb === word)) {
      if (draft.verb !== undefined) return refuse(`Two actions: ${draft.verb} and ${word}. Give one.`, 4);
      draft.verb = word;
    } else if (draft.module === undefined) takeModule(draft, word);
    else
      draft.notices.push(`Ignored: "${word}". It is neither an action nor an option, and a module is named already.`);
  }
  return contradiction(draft) ?? succeed(draft);
}

function contradiction({ info, all, kernels, arches }: Draft): Result<never, DkmsUsageError> | undefined {
  if (info) return undefined;
  if (all && kernels.length > 0) return refuse("-k names kernels, and --all means every kernel: leave one out.", 2);
  if (all && arches.length > 0) return refuse("-a names architectures, and --all means every one: leave one out.", 3);
  const named = arches.length + kernels.filter(({ arch }) => arch !== undefined).length;
  if (named > 1 && named !== kernels.length && arches.length > 0) {
    return refuse("With several architectures, as many kernels must be named, one for each.", 1);
  }
  return undefined;
}

/** The kernels with their architectures: a single -a counts for all, several for one kernel each. */
export function kernelsOf({ kernels, arches }: DkmsArguments): readonly { release?: string; arch?: string }[] {
  const [single] = arches;
  if (kernels.length === 0) return single === undefined ? [] : [{ arch: single }];
  return kernels.map(({ release, arch }, index) => {
    const chosen = arch ?? (arches.length > 1 ? arches[index] : single);
    return chosen === undefined ? { release } : { release, arch: chosen };
  });
}

function takeModule(draft: Draft, value: string): void {
  const slash = value.indexOf("/");
  draft.module = textOrNone(slash < 0 ? value : value.slice(0, slash));
  if (slash >= 0) draft.version = textOrNone(value.slice(slash + 1)) ?? draft.version;
}

function takeKernel(draft: Draft, value: string): void {
  const slash = value.indexOf("/");
  if (value === "") return;
  draft.kernels.push(
    slash < 0 ? { release: value, arch: undefined } : { release: value.slice(0, slash), arch: value.slice(slash + 1) },
  );
}

function takeArch(draft: Draft, value: string): void {
  if (value !== "") draft.arches.push(value);
}

function beQuiet(draft: Draft): void {
  draft.quiet = true;
}

function textOrNone(value: string): string | undefined {
  return value === "" ? undefined : value;
}

function named(options: readonly string[]): Record<string, (draft: Draft) => void> {
  return Object.fromEntries(options.map((option) => [option, (draft: Draft) => void draft.others.push(option)]));
}

function deprecated(options: readonly string[]): Record<string, (draft: Draft) => void> {
  const notice = (option: string) => `${option} does nothing any more.`;
  return Object.fromEntries(
    options.map((option) => [option, (draft: Draft) => void draft.notices.push(notice(option))]),
  );
}

function refuse(message: string, exitCode: number): Result<never, DkmsUsageError> {
  return { ok: false, error: { message, exitCode } };
}
