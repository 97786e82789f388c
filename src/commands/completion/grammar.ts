import { dkmsVerbs } from "../../dkms/command-line/dkms-verbs.ts";
import { flagOptions, valuedOptions } from "../../dkms/command-line/option-table.ts";
import type { CommandSpec } from "../command-spec.ts";
import { type OptionSpec, sharedOptionSpecs } from "../shared-options.ts";

/** All that a shell needs to know to complete a command line. */
export interface Grammar {
  readonly commands: readonly GrammarCommand[];
  /** Options of every command but dkms. */
  readonly shared: readonly GrammarOption[];
  /** Behind the command dkms. */
  readonly verbs: readonly string[];
  readonly dkmsOptions: readonly GrammarOption[];
}

export interface GrammarCommand {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly GrammarOption[];
  /** What `--kernel` takes besides the kernels of the machine. */
  readonly kernelWords: readonly string[];
  /** What the word behind it can be; `undefined` if it takes none. */
  readonly argument: Value | undefined;
}

export interface GrammarOption {
  /** With their hyphens. */
  readonly names: readonly string[];
  readonly description: string;
  /** What follows it; `undefined` for an option that stands alone. */
  readonly value: Value | undefined;
}

/** What a value can be: one of some words, something that is on the machine, or nobody knows. */
export type Value = readonly string[] | "kernel" | "module" | "file" | "directory" | "anything";

/** The grammar of the command line, from the tables that its parser is made of. */
export function grammarOf(commands: readonly CommandSpec[]): Grammar {
  return {
    commands: [
      ...commands.map(({ name, summary, options, kernelWords = [], argument, argumentValues }) => ({
        name,
        summary,
        options: options.map(optionOf),
        kernelWords,
        argument: argumentValues ?? (argument && valueNamed(argument[0])),
      })),
      { name: "dkms", summary: "the command line of dell/dkms", options: [], kernelWords: [], argument: undefined },
    ],
    shared: [...sharedOptionSpecs.map(optionOf), ...commonOptions],
    verbs: dkmsVerbs,
    dkmsOptions: [
      ...Object.keys(valuedOptions).map((name) => ({ names: [name], description: "", value: dkmsValue(name) })),
      ...Object.keys(flagOptions).map((name) => ({ names: [name], description: "", value: undefined })),
      ...commonOptions,
    ],
  };
}

const commonOptions: readonly GrammarOption[] = [
  { names: ["-h", "--help"], description: "print the help", value: undefined },
  { names: ["-V", "--version"], description: "print the version", value: undefined },
];

function optionOf({ flags, description, values }: OptionSpec): GrammarOption {
  const names = flags.split(/,? /).filter((word) => word.startsWith("-"));
  return { names, description, value: values ?? (flags.includes("<") ? valueNamed(flags) : undefined) };
}

/** The help names values by what they are. */
function valueNamed(flags: string): Value {
  const [, name = ""] = /[<[](.*)[>\]]/.exec(flags) ?? [];
  if (name === "release") return "kernel";
  if (name === "module" || name.startsWith("name[/")) return "module";
  if (name === "dir") return "directory";
  return /path|file/.test(name) ? "file" : "anything";
}

function dkmsValue(name: string): Value {
  if (name === "-m" || name === "--module") return "module";
  if (/^(-k|--kernelver(sion)?|--templatekernel)$/.test(name)) return "kernel";
  if (/^(-c|--config|--archive)$/.test(name)) return "file";
  return /^--(root|\w+tree|kernelsourcedir)$/.test(name) ? "directory" : "anything";
}
