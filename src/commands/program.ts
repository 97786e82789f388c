import { CommanderError, InvalidArgumentError, Option, Command as Parser } from "commander";
import type { Answer, Command } from "./command.ts";
import type { CommandSpec } from "./command-spec.ts";
import { commandTable } from "./command-table.ts";
import { exitCodeHelp, exitCodes } from "./exit-codes.ts";
import {
  type OptionSpec,
  type OptionValues,
  parseSharedOptions,
  type SharedOptions,
  sharedOptionSpecs,
} from "./shared-options.ts";
import { toolVersion } from "./tool-version.ts";
import { usageAnswer } from "./usage-answer.ts";
import type { UsageError } from "./usage-error.ts";

/** What the command line asks for: a command with its options, or nothing but some words. */
export type Parsed =
  | {
      readonly kind: "command";
      readonly load: () => Promise<Command>;
      readonly options: SharedOptions;
      readonly own: OptionValues;
      readonly argument: string | undefined;
      /** What `--json` makes of its answer. */
      readonly json: JsonForm;
      /** Whether SIGHUP is for the command. */
      readonly reloads: boolean;
    }
  | Words;

/** One document, or one event a line. */
export type JsonForm = "document" | "events";

/** Help, the version, or why the command line cannot be meant. */
export interface Words extends Answer {
  readonly kind: "words";
  /** How whoever asked for `--json` gets the problems. */
  readonly json: JsonForm | undefined;
}

/** Reads the arguments after the program's name. Never throws, prints nothing. */
export function parseCommandLine(args: readonly string[]): Parsed {
  let out = "";
  let help = "";
  let chosen: Chosen | undefined;
  let fault: UsageError | undefined;
  const parser = createParser((given) => {
    chosen = given;
  });
  for (const one of [parser, ...parser.commands]) {
    one.configureOutput({
      writeOut: (text) => {
        out += text;
      },
      writeErr: (text) => {
        help += text;
      },
      outputError: (text) => {
        fault = usageErrorOf(text, one === parser ? "" : `${one.name()} `);
      },
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
    });
  }
  const refuse = (error: UsageError): Words => ({ kind: "words", json: jsonOf(args), ...usageAnswer(error) });
  try {
    parser.parse(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (fault) return refuse(fault);
    if (error.exitCode === 0) return { kind: "words", json: undefined, exitCode: exitCodes.ok.code, out };
  }
  if (!chosen) return { ...refuse({ message: "No command is given." }), err: help };
  const options = parseSharedOptions({ ...parser.opts(), ...chosen.own });
  if (!options.ok) return refuse(options.error);
  const { spec, own, argument } = chosen;
  const json = spec.json === "events" && own.dryRun !== true ? "events" : "document";
  return {
    kind: "command",
    load: spec.load,
    options: options.value,
    own,
    argument,
    json,
    reloads: spec.reloads === true,
  };
}

/** Of a command line that cannot be read as a whole. */
function jsonOf(args: readonly string[]): Words["json"] {
  if (!args.includes("--json")) return undefined;
  const isStream = commandTable.some(({ name, json }) => json === "events" && args.includes(name));
  return isStream && !args.includes("--dry-run") ? "events" : "document";
}

interface Chosen {
  readonly spec: CommandSpec;
  readonly own: OptionValues;
  readonly argument: string | undefined;
}

function createParser(choose: (chosen: Chosen) => void): Parser {
  const parser = new Parser("dkms-agent")
    .description("Keeps the out-of-tree kernel modules of this host in the state that a YAML file asks for.")
    .version(toolVersion, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help, or with a command that command's")
    .helpCommand(false)
    .showSuggestionAfterError()
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .optionsGroup("Options of every command:");
  for (const spec of sharedOptionSpecs) parser.addOption(optionOf(spec));
  for (const spec of commandTable) addCommand(parser, spec, choose);
  addDkms(parser);
  return parser.addHelpText("after", `\n${programExamples}\n\n${exitCodeHelp()}`);
}

function addCommand(parser: Parser, spec: CommandSpec, choose: (chosen: Chosen) => void): void {
  const command = parser
    .command(spec.name)
    .summary(spec.summary)
    .description(`${spec.summary.slice(0, 1).toUpperCase()}${spec.summary.slice(1)}. ${spec.description}`)
    .allowExcessArguments(false);
  if (spec.argument) command.argument(...spec.argument);
  command.action(() => choose({ spec, own: command.opts(), argument: command.args[0] }));
  for (const option of spec.options) command.addOption(optionOf(option));
  command.addHelpText("after", `\n${exampleText(spec.examples)}`);
}

/** Only for the help: its arguments are dell/dkms's and never come to this parser. */
function addDkms(parser: Parser): void {
  parser
    .command("dkms")
    .summary("the command line of dell/dkms: dkms-agent dkms status")
    .argument("[verb...]")
    .allowUnknownOption()
    .action((_verbs: unknown, _own: unknown, command: Parser) =>
      command.error('error: options of dkms stand behind it, for example "dkms-agent dkms status --root DIR"'),
    );
}

function optionOf({ flags, description, repeatable }: OptionSpec): Option {
  const option = new Option(flags, description);
  if (!flags.includes("<")) return repeatable ? option.argParser(countUp) : option;
  return option.argParser(repeatable ? collect : once);
}

function countUp(_: string, previous: unknown): unknown {
  return (typeof previous === "number" ? previous : 0) + 1;
}

function collect(value: string, previous: unknown): unknown {
  return Array.isArray(previous) ? [...previous, value] : [value];
}

/** The last of two would win silently, and half of what somebody wrote would count for nothing. */
function once(value: string, previous: unknown): unknown {
  if (previous !== undefined) throw new InvalidArgumentError("It is given twice.");
  return value;
}

const programExamples = [
  "Examples:",
  "  dkms-agent validate -f desired-state        is the desired state well written?",
  "  dkms-agent plan -f desired-state            what would be done, and why?",
  "  dkms-agent apply -f desired-state           do it; run again, it does nothing",
  "  dkms-agent status                           which module is where?",
].join("\n");

function exampleText(examples: CommandSpec["examples"]): string {
  const width = Math.max(...examples.map(([line]) => line.length));
  return ["Examples:", ...examples.map(([line, purpose]) => `  ${line.padEnd(width)}   ${purpose}`)].join("\n");
}

/** The parser's own words are `error: unknown option '--jsno'` and, on a line of its own, `(Did you mean --json?)`. */
function usageErrorOf(text: string, command: string): UsageError {
  const [first = "", ...rest] = text.trim().split("\n");
  const hints = rest.map((line) => line.replace(/^\((.*)\)$/, "$1"));
  if (first.includes("too many arguments")) hints.push("Documents are named with -f PATH, modules with --module NAME.");
  const hint = [...hints, `dkms-agent ${command}--help tells what is possible.`].join("\n");
  return { message: first.replace(/^error: /, ""), hint };
}
