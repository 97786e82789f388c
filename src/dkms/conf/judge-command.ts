import path from "node:path";
import type { ShellAssignment, ShellCommand } from "./shell-commands.ts";
import { isText, type Piece, type Word } from "./shell-pieces.ts";
import { isSpecialVariable, type Scope } from "./shell-variables.ts";
import { runAssignments } from "./static-evaluator.ts";

export interface ConfLook {
  /** What the file finds set. */
  readonly variables: ReadonlyMap<string, string>;
  /** Of a file that it sources; `undefined` if it is not there. */
  readonly readText: (place: string) => string | undefined;
  readonly hasProgram: (name: string) => boolean;
}

/** What is known of a text, and what its commands have been found to need; grows while they are judged. */
export interface Judge {
  readonly look: ConfLook;
  readonly functions: ReadonlySet<string>;
  /** Variables that the text gives a value. */
  readonly assigned: ReadonlySet<string>;
  /** Variables whose value was taken to be what DKMS has set, or nothing. */
  readonly constants: Set<string>;
  /** Variables that must hold nothing but digits. */
  readonly numbers: Set<string>;
  /** Variables that a sourced file gives a value. */
  readonly sourced: Set<string>;
  readonly places: Set<string>;
  readonly programs: Set<string>;
}

/** Whether all that a command can look at is known by now. */
export function judgeCommand(judge: Judge, command: ShellCommand): boolean {
  if (command.kind === "case") return true;
  if (command.kind === "assignment") return !command.isList || command.words.every((word) => isOneWord(judge, word));
  if (command.kind === "test") return judgeTest(judge, command.words);
  const [first, ...words] = command.words;
  const name = first?.length === 1 && first[0]?.kind === "text" && !first[0].isQuoted ? first[0].text : "";
  const judgeWords = judges.get(name);
  if (judge.functions.has(name)) return !judgeWords && harmless(judge, words);
  return judgeWords?.(judge, words) ?? false;
}

/** Those that a command makes, be it as an argument. */
export function assignmentsOf(command: ShellCommand): ShellAssignment[] {
  if (command.kind === "assignment") return [command];
  const [first, ...words] = command.words;
  if (command.kind !== "simple" || !["local", "export", "unset"].some((name) => isText(first, name))) return [];
  return words.flatMap((word) => assignmentIn(word) ?? []);
}

function assignmentIn([first, ...rest]: Word): ShellAssignment | undefined {
  if (first?.kind !== "text" || first.isQuoted) return undefined;
  const [, name, assigned] = /^([A-Za-z_]\w*)(?:=([\s\S]*))?$/.exec(first.text) ?? [];
  if (name === undefined || (assigned === undefined && rest.length > 0)) return undefined;
  return { kind: "assignment", name, words: [[{ ...first, text: assigned ?? "" }, ...rest]], isList: false };
}

type JudgeWords = (judge: Judge, words: readonly Word[]) => boolean;

const harmless: JudgeWords = (judge, words) => words.every((word) => isOneWord(judge, word));

/** Takes text and gives text; of what is named on its command line it reads nothing, or just that. */
const filter = (program: string, options: RegExp): [string, JudgeWords] => [
  program,
  (judge, words) => {
    const values = words.map((word) => constantOf(judge, word));
    for (const value of values) {
      if (value === undefined) return false;
      if (/^-./.test(value) ? !options.test(value) : !needPlace(judge, path.resolve("/", value))) return false;
    }
    return needProgram(judge, program);
  },
];

const textProgram = (program: string): [string, JudgeWords] => [
  program,
  (judge, words) => harmless(judge, words) && needProgram(judge, program),
];

const judges: ReadonlyMap<string, JudgeWords> = new Map<string, JudgeWords>([
  ...[":", "true", "false", "echo", "return", "break", "continue", "shift"].map((name): [string, JudgeWords] => [
    name,
    harmless,
  ]),
  ...["local", "export", "unset"].map((name): [string, JudgeWords] => [
    name,
    (_, words) => words.every((word) => assignmentIn(word) !== undefined),
  ]),
  ["test", judgeBrackets],
  ["[", (judge, words) => isText(words.at(-1), "]") && judgeBrackets(judge, words.slice(0, -1))],
  [".", judgeSourced],
  ["source", judgeSourced],
  ["sed", judgeSed],
  ["nproc", (judge, words) => words.length === 0 && needProgram(judge, "nproc")],
  textProgram("basename"),
  textProgram("dirname"),
  filter("cat", /^$/),
  filter("cut", /^-[bcdfs]/),
  filter("tr", /^-[cdst]+$/),
  filter("sort", /^-[VCcurnbf]+$/),
  filter("uniq", /^-[cdu]$/),
  filter("wc", /^-[clw]$/),
  filter("head", /^-[cn]?\d*$/),
  filter("tail", /^-[cn]?\d*$/),
  ...["grep", "egrep", "fgrep"].map((name) => filter(name, /^(?:-[cEeFGhinoqsvwx]+|--(?:quiet|silent))$/)),
]);

/** One word for the command, whatever the variables in it hold: nothing is split, and no file looked for. */
function isOneWord(judge: Judge, word: Word): boolean {
  return word.every((piece) => {
    if (piece.isQuoted || piece.kind === "number") return true;
    if (piece.kind === "text") return isPlainText(piece.text);
    if (piece.kind === "output" || !piece.isPlain) return false;
    if (constantOf(judge, [piece]) === undefined) judge.numbers.add(piece.name);
    return true;
  });
}

function isPlainText(text: string): boolean {
  return /^[\w./:+@%=,^!\]#-]*$/.test(text);
}

/** What a word is in every run of these commands; `undefined` if that cannot be told. */
function constantOf(judge: Judge, word: Word): string | undefined {
  const texts = word.map((piece) => constantPiece(judge, piece));
  return texts.includes(undefined) ? undefined : texts.join("");
}

function constantPiece({ look, assigned, constants }: Judge, piece: Piece): string | undefined {
  if (piece.kind === "text") return piece.isQuoted || isPlainText(piece.text) ? piece.text : undefined;
  if (piece.kind !== "variable" || !piece.isPlain || !/^[A-Za-z_]/.test(piece.name)) return undefined;
  if (assigned.has(piece.name) || isSpecialVariable(piece.name)) return undefined;
  const value = look.variables.get(piece.name) ?? "";
  if (!piece.isQuoted && !isPlainText(value)) return undefined;
  constants.add(piece.name);
  return value;
}

function needPlace({ places }: Judge, place: string): boolean {
  places.add(place);
  return !isMadeUp(place);
}

/** What the kernel makes up while somebody reads it shows no change. */
export function isMadeUp(place: string): boolean {
  return /^\/(?:dev|proc|sys)(?:\/|$)/.test(place);
}

function needProgram({ programs }: Judge, program: string): true {
  programs.add(program);
  return true;
}

/** `[ … ]`, with as many tests as there are, joined by -a and -o. */
function judgeBrackets(judge: Judge, words: readonly Word[]): boolean {
  if (!harmless(judge, words)) return false;
  const tests: Word[][] = [[]];
  for (const word of words)
    if (isText(word, "-a") || isText(word, "-o")) tests.push([]);
    else tests.at(-1)?.push(word);
  // One word alone could be read together with the -a behind it.
  return tests.every((test) => (tests.length === 1 || test.length > 1) && judgeTerm(judge, test));
}

/** Between `[[` and `]]`, where numbers are sums. */
function judgeTest(judge: Judge, words: readonly Word[]): boolean {
  const [left, operator, right] = words;
  if (left && right && operator && /^-(?:eq|ne|lt|le|gt|ge)$/.test(textOf(operator)))
    for (const piece of [...left, ...right]) {
      if (piece.kind === "variable" && piece.isPlain) judge.numbers.add(piece.name);
      else if (piece.kind !== "number" && (piece.kind !== "text" || !/^\d*$/.test(piece.text))) return false;
    }
  return judgeTerm(judge, words);
}

function judgeTerm(judge: Judge, words: readonly Word[]): boolean {
  const [first, second, ...more] = isText(words[0], "!") ? words.slice(1) : words;
  const operator = textOf(first);
  if (!first || !second) return true;
  if (more.length === 1) return /^(?:==?|!=|=~|[<>]|-(?:eq|ne|lt|le|gt|ge))$/.test(textOf(second));
  if (more.length > 1) return false;
  if (operator === "-n" || operator === "-z") return true;
  const place = constantOf(judge, second);
  return /^-[defhLrsx]$/.test(operator) && place?.startsWith("/") === true && needPlace(judge, path.resolve(place));
}

/** Of a word that is one text. */
function textOf(word: Word | undefined): string {
  const [piece, more] = word ?? [];
  return piece?.kind === "text" && more === undefined ? piece.text : "";
}

/** A file of plain assignments, such as the configuration of a kernel. */
function judgeSourced(judge: Judge, words: readonly Word[]): boolean {
  const [file, more] = words;
  const place = file && constantOf(judge, file);
  if (more || !place?.startsWith("/") || !needPlace(judge, path.resolve(place))) return false;
  const text = judge.look.readText(place) ?? "";
  const scope: Scope = new Map();
  if (text.includes("=(") || !runAssignments(text, scope)) return false;
  for (const name of scope.keys()) judge.sourced.add(name);
  return true;
}

/** One substitution, and files to read if any are named. */
function judgeSed(judge: Judge, words: readonly Word[]): boolean {
  const [, judgeFiles] = filter("sed", /^-[nEr]*e?$/);
  const at = words.findIndex((word) => !textOf(word).startsWith("-"));
  const script = words[at];
  const options = words.slice(0, at);
  if (!script || options.filter((word) => textOf(word).endsWith("e")).length > 1) return false;
  const text = script.map((piece) => (piece.kind === "text" ? piece.text : numberPiece(judge, piece))).join("");
  const files = words.slice(at + 1);
  return (
    harmless(judge, [script]) &&
    isSubstitution.test(text) &&
    judgeFiles(judge, [...options, ...files]) &&
    files.every((word) => !textOf(word).startsWith("-"))
  );
}

const isSubstitution = /^s([/|,#:])(?:(?!\1)[^\\\n]|\\.)*\1(?:(?!\1)[^\\\n]|\\.)*\1[gIp\d]*$/;

function numberPiece(judge: Judge, piece: Piece): string {
  if (piece.kind === "variable" && piece.isPlain) judge.numbers.add(piece.name);
  return piece.kind === "number" || (piece.kind === "variable" && piece.isPlain) ? "0" : "\n";
}
