import { isText, type PieceReader, readShellWord, type Word } from "./shell-pieces.ts";
import { type Cursor, matchAt, skipBlanks, skipComment } from "./shell-words.ts";

/** What a shell text can do: every command in it, wherever it stands, also in functions, substitutions and branches. */
export interface ShellCommands {
  readonly commands: readonly ShellCommand[];
  readonly functions: ReadonlySet<string>;
  /** What stands where the shell counts: names in it are read as numbers, or as what makes numbers. */
  readonly arithmetic: readonly string[];
}

export type ShellCommand =
  | { readonly kind: "simple"; readonly words: readonly Word[] }
  /** What stands between `[[` and `]]`, without `&&`, `||`, `!` and brackets; one test after the other. */
  | { readonly kind: "test"; readonly words: readonly Word[] }
  /** What a case is about, and its patterns. */
  | { readonly kind: "case"; readonly words: readonly Word[] }
  | ShellAssignment;

export interface ShellAssignment {
  readonly kind: "assignment";
  readonly name: string;
  readonly words: readonly Word[];
  /** An array, or what a loop goes through: there words are split, and files looked for. */
  readonly isList: boolean;
}

interface ShellReader extends PieceReader {
  readonly commands: ShellCommand[];
  readonly functions: Set<string>;
}

/**
 * Reads a shell text of plain commands, pipelines, if, case, for, while, functions, `[[ ]]` and brackets. It does not see
 * to it that they are properly nested: bash refuses what is not, and has done nothing then that is not in here. `undefined`
 * for anything else, and for whatever might be read in two ways.
 */
export function readShellCommands(text: string): ShellCommands | undefined {
  const found = { commands: [], functions: new Set<string>(), arithmetic: [] };
  return readText(text, found) ? found : undefined;
}

function readText(text: string, found: Pick<ShellReader, "commands" | "functions" | "arithmetic">): boolean {
  if (refusedCharacters.test(text)) return false;
  const reader: ShellReader = {
    ...found,
    text,
    at: 0,
    readSubstitution: () => readList(reader, ")"),
    readText: (inner) => readText(inner, found),
  };
  return readList(reader, "");
}

/** As well as what bash takes for a blank in some locales, and a line end within an operator. */
const refusedCharacters = /[\u0000-\u0008\u000b-\u001f\u007f\ufffd]|[^\S \t\n]|[;&|()<>$]\\\n/;

/** Commands up to the end of the text, or up to the `)` of a substitution that has no opening one. */
function readList(reader: ShellReader, end: "" | ")"): boolean {
  const open: ("(" | "case")[] = [];
  for (;;) {
    skipSeparators(reader);
    const sign = reader.text.charAt(reader.at);
    if (sign === "") return end === "" && open.length === 0;
    if (sign === ")") {
      reader.at += 1;
      const opened = open.pop();
      if (opened === undefined) return end === ")";
      if (opened === "case") return false;
    } else if (take(reader, /\(\(/y)) return false;
    else if (take(reader, /\(/y)) open.push("(");
    else if (take(reader, /;;&?|;&/y)) {
      if (open.at(-1) !== "case" || !readPattern(reader)) return false;
    } else if (take(reader, /case(?=[ \t])/y)) {
      open.push("case");
      if (!readSubject(reader) || !readPattern(reader)) return false;
    } else if (take(reader, /esac(?=[\s;&|)]|$)/y)) {
      if (open.pop() !== "case") return false;
    } else if (readRedirection(reader)) {
      if (!isClosed(reader)) return false;
    } else if (!take(reader, reservedWord) && !readCommand(reader)) return false;
  }
}

/** Before a command; `&` alone, which starts something that nobody waits for, is none of them. */
function skipSeparators(reader: ShellReader): void {
  do {
    skipBlanks(reader);
    skipComment(reader);
  } while (take(reader, /\n|;(?![;&])|&&|\|\|?(?![|&])/y));
}

const reservedWord = /(?:if|then|elif|else|fi|while|until|do|done|[!{}])(?=[\s;&|)]|$)/y;

function readSubject(reader: ShellReader): boolean {
  if (!readCaseWord(reader)) return false;
  skipLines(reader);
  return take(reader, /in(?=\s)/y);
}

/** `a|b)`, `(a|b)`, or nothing where esac ends the case. */
function readPattern(reader: ShellReader): boolean {
  skipLines(reader);
  if (/^esac(?:[\s;&|)]|$)/.test(reader.text.slice(reader.at, reader.at + 5))) return true;
  take(reader, /\(/y);
  do {
    if (!readCaseWord(reader)) return false;
  } while (take(reader, /\|/y));
  return take(reader, /\)/y);
}

function readCaseWord(reader: ShellReader): boolean {
  skipBlanks(reader);
  const word = readShellWord(reader, "pattern");
  if (!word?.length) return false;
  reader.commands.push({ kind: "case", words: [word] });
  skipBlanks(reader);
  return true;
}

function readCommand(reader: ShellReader): boolean {
  if (take(reader, /for(?=[ \t])/y)) return readFor(reader);
  if (take(reader, /\[\[(?=\s)/y)) return readTests(reader);
  if (take(reader, /(?:select|function|time|coproc)(?=\s)/y)) return false;
  const defined = matchAt(reader, /([A-Za-z_]\w*)[ \t]*\([ \t]*\)\s*(?=[{(])/y)?.[1];
  if (defined !== undefined) {
    reader.functions.add(defined);
    return true;
  }
  return readSimple(reader);
}

/** `for NAME in words`; up to its separator. */
function readFor(reader: ShellReader): boolean {
  skipBlanks(reader);
  const name = matchAt(reader, /([A-Za-z_]\w*)\s+in(?=[ \t])/y)?.[1];
  const words = name === undefined ? undefined : readWords(reader);
  if (name === undefined || !words || !/[\n;]/.test(reader.text.charAt(reader.at))) return false;
  reader.commands.push({ kind: "assignment", name, words, isList: true });
  return true;
}

function readSimple(reader: ShellReader): boolean {
  const start = reader.at;
  for (let assigned = readAssignment(reader); assigned !== "none"; assigned = readAssignment(reader)) {
    if (assigned === "refused") return false;
    skipBlanks(reader);
  }
  const words = readWords(reader);
  if (!words || reader.at === start) return false;
  if (words.length > 0) reader.commands.push({ kind: "simple", words });
  return /^[\n;&|)]?$/.test(reader.text.charAt(reader.at));
}

/** The words and redirections of a command. */
function readWords(reader: ShellReader): Word[] | undefined {
  const words: Word[] = [];
  for (;;) {
    skipBlanks(reader);
    const sign = reader.text.charAt(reader.at);
    if (/^[\n;&|)#]?$/.test(sign) && !/^&>/.test(reader.text.slice(reader.at, reader.at + 2))) {
      skipComment(reader);
      return words;
    }
    if (readRedirection(reader)) continue;
    const word = readShellWord(reader, "word");
    if (!word?.length) return undefined;
    words.push(word);
  }
}

/** Only away from where it would be read, or to the other one of the two. */
function readRedirection(reader: ShellReader): boolean {
  return take(reader, /(?:[12]?>>?|&>)[ \t]*\/dev\/null(?=[\s;&|)]|$)|[12]?>&[12](?=[\s;&|)]|$)/y);
}

/** Nothing but redirections stands between here and the end of what has been closed before. */
function isClosed(reader: ShellReader): boolean {
  skipBlanks(reader);
  return /^(?:[\n;&|)#]|$|[12]?>)/.test(reader.text.slice(reader.at, reader.at + 2));
}

function readAssignment(reader: ShellReader): "done" | "none" | "refused" {
  const [whole, name, subscript] = matchAt(reader, /([A-Za-z_]\w*)(?:\[([\w$+{}-]+)\])?\+?=/y) ?? [];
  if (whole === undefined || name === undefined) return "none";
  if (subscript !== undefined) reader.arithmetic.push(subscript);
  const isList = take(reader, /\(/y);
  const value = isList ? undefined : readShellWord(reader, "value");
  const words = isList ? readElements(reader) : value && [value];
  if (!words) return "refused";
  reader.commands.push({ kind: "assignment", name, words, isList });
  return /^[\s;&|)]?$/.test(reader.text.charAt(reader.at)) ? "done" : "refused";
}

function readElements(reader: ShellReader): Word[] | undefined {
  const elements: Word[] = [];
  for (;;) {
    skipLines(reader);
    if (take(reader, /\)/y)) return elements;
    take(reader, /\[\d+\]=/y);
    const word = readShellWord(reader, "word");
    if (!word) return undefined;
    // `[1]=` and nothing.
    if (word.length === 0 && reader.text.charAt(reader.at - 1) !== "=") return undefined;
    elements.push(word);
  }
}

function readTests(reader: ShellReader): boolean {
  let words: Word[] = [];
  const endTest = () => {
    if (words.length > 0) reader.commands.push({ kind: "test", words });
    words = [];
  };
  for (;;) {
    take(reader, /(?:\s|\\\n)*/y);
    if (take(reader, /\]\](?=[\s;&|)]|$)/y)) {
      endTest();
      return true;
    }
    if (take(reader, /&&|\|\||[()]|!(?=\s)/y)) endTest();
    else {
      const word = take(reader, /(?:[<>]|=~)(?=\s)/y) ? operator(reader) : readShellWord(reader, "pattern");
      // A regex has rules of its own of where it ends.
      if (!word?.length || (isText(words.at(-1), "=~") && !/^\s$/.test(reader.text.charAt(reader.at)))) return false;
      words.push(word);
    }
  }
}

/** The one that has just been read. */
function operator({ text, at }: Cursor): Word {
  return [{ kind: "text", text: text.charAt(at - 1) === "~" ? "=~" : "<", isQuoted: false }];
}

function skipLines(reader: ShellReader): void {
  do {
    skipBlanks(reader);
    skipComment(reader);
  } while (take(reader, /\n/y));
}

function take(reader: Cursor, pattern: RegExp): boolean {
  return matchAt(reader, pattern) !== undefined;
}
