import type { CallOptions, SourceWord, TreeOptions } from "./dkms-call.ts";
import type { DkmsVerb } from "./dkms-verbs.ts";

/** A command line while it is being read. */
export interface Draft {
  verb: DkmsVerb | undefined;
  name: string;
  version: string;
  /** In the order of the command line; an empty one is there too. */
  readonly releases: string[];
  readonly arches: string[];
  /** Bare words that a module can come from. */
  readonly sources: SourceWord[];
  firstBareWord: string | undefined;
  readonly notices: string[];
  /** The first option whose value makes no sense. */
  badValue: string | undefined;
  options: CallOptions;
}

/** Nothing read yet. */
export function emptyDraft(): Draft {
  return {
    ...{ verb: undefined, name: "", version: "", badValue: undefined, firstBareWord: undefined },
    ...{ releases: [], arches: [], sources: [], notices: [] },
    options: noOptions,
  };
}

type TakeValue = (draft: Draft, value: string) => void;
type TakeFlag = (draft: Draft) => void;

/** Options that are followed by a value: `--long value` and `--long=value`, `-k value`. */
export const valuedOptions: Readonly<Record<string, TakeValue>> = {
  "-m": takeModule,
  "--module": takeModule,
  "-v": takeVersion,
  "--module-version": takeVersion,
  "-k": takeKernel,
  "--kernelver": takeKernel,
  "--kernelversion": takeKernel,
  "-a": (draft, value) => void draft.arches.push(value),
  "--arch": (draft, value) => void draft.arches.push(value),
  "-c": text("confFile"),
  "-j": takeJobs,
  "--templatekernel": text("templateKernel"),
  "--directive": takeDirective,
  "--config": text("kernelConfig"),
  "--archive": text("archive"),
  "--kernelsourcedir": text("kernelSourceDirectory"),
  "--lock-timeout": text("lockTimeout"),
  "--root": tree("root"),
  "--dkmstree": tree("dkmsTree"),
  "--sourcetree": tree("sourceTree"),
  "--installtree": tree("installTree"),
};

/** Options that stand alone. */
export const flagOptions: Readonly<Record<string, TakeFlag>> = {
  "--all": set({ all: true }),
  "--force": set({ force: true }),
  "--force-version-override": set({ forceVersionOverride: true }),
  "--binaries-only": set({ binariesOnly: true }),
  "--source-only": set({ sourceOnly: true }),
  "--no-depmod": set({ noDepmod: true }),
  "--modprobe-on-install": set({ modprobeOnInstall: true }),
  "--symlink-modules": set({ symlinkModules: true }),
  "--rpm_safe_upgrade": set({ rpmSafeUpgrade: true }),
  "--verbose": set({ verbose: true }),
  "-q": set({ quiet: true }),
  "--quiet": set({ quiet: true }),
  "--no-initrd": deprecated("--no-initrd"),
  "--no-clean-kernel": deprecated("--no-clean-kernel"),
  "--no-prepare-kernel": deprecated("--no-prepare-kernel"),
};

/** All spellings, for hints. */
export const optionNames: readonly string[] = [
  ...Object.keys(valuedOptions),
  ...Object.keys(flagOptions),
  ...["-V", "--version", "-h", "--help"],
];

/** `name/version`, or a name alone, which leaves a version that was given before. */
export function takeModule(draft: Draft, value: string): void {
  const slash = value.indexOf("/");
  draft.name = slash < 0 ? value : value.slice(0, slash);
  if (slash >= 0) draft.version = value.slice(slash + 1);
}

function takeVersion(draft: Draft, value: string): void {
  draft.version = value;
}

/** `release` or `release/arch`; a slash means that an architecture is named, if only an empty one. */
function takeKernel(draft: Draft, value: string): void {
  const slash = value.indexOf("/");
  draft.releases.push(slash < 0 ? value : value.slice(0, slash));
  if (slash >= 0) draft.arches.push(value.slice(slash + 1));
}

function takeJobs(draft: Draft, value: string): void {
  if (/^\d{1,5}$/.test(value)) draft.options = { ...draft.options, jobs: Number(value) };
  else draft.badValue ??= `-j is followed by a number, not by "${value}".`;
}

function takeDirective(draft: Draft, value: string): void {
  const [, name, content = ""] = /^([^=]+)=(.*)$/s.exec(value) ?? [];
  if (name === undefined) draft.notices.push(`Ignored: --directive "${value}". It takes NAME=value.`);
  else draft.options = { ...draft.options, directives: { ...draft.options.directives, [name]: content } };
}

type TextOption = "confFile" | "templateKernel" | "kernelConfig" | "archive" | "kernelSourceDirectory" | "lockTimeout";

/** An empty value is none. */
function text(name: TextOption): TakeValue {
  return (draft, value) => {
    draft.options = { ...draft.options, [name]: value === "" ? undefined : value };
  };
}

function tree(name: keyof TreeOptions): TakeValue {
  return (draft, value) => {
    const { [name]: _, ...others } = draft.options.trees;
    draft.options = { ...draft.options, trees: value === "" ? others : { ...others, [name]: value } };
  };
}

function set(options: Partial<CallOptions>): TakeFlag {
  return (draft) => {
    draft.options = { ...draft.options, ...options };
  };
}

function deprecated(option: string): TakeFlag {
  return (draft) => void draft.notices.push(`${option} does nothing any more.`);
}

const noOptions: CallOptions = {
  all: false,
  force: false,
  forceVersionOverride: false,
  binariesOnly: false,
  sourceOnly: false,
  noDepmod: false,
  modprobeOnInstall: false,
  symlinkModules: false,
  rpmSafeUpgrade: false,
  verbose: false,
  quiet: false,
  jobs: undefined,
  directives: {},
  templateKernel: undefined,
  confFile: undefined,
  kernelConfig: undefined,
  archive: undefined,
  kernelSourceDirectory: undefined,
  lockTimeout: undefined,
  trees: {},
};
