import { type Cursor, readRun } from "./shell-words.ts";

/** Of what a word is made. */
export type Piece =
  | { readonly kind: "text"; readonly text: string; readonly isQuoted: boolean }
  /** `isPlain`: its value as it stands, and nothing that is done to it. */
  | { readonly kind: "variable"; readonly name: string; readonly isPlain: boolean; readonly isQuoted: boolean }
  /** Of an arithmetic expansion, or how many processors there are: digits, perhaps with a minus sign before them. */
  | { readonly kind: "number"; readonly isQuoted: boolean }
  /** What the commands of a substitution print. */
  | { readonly kind: "output"; readonly isQuoted: boolean };

export type Word = readonly Piece[];

/** Whether a word is this very text, without quotes. */
export function isText(word: Word | undefined, text: string): boolean {
  const [piece, more] = word ?? [];
  return piece?.kind === "text" && !piece.isQuoted && piece.text === text && more === undefined;
}

/** What the reading of words comes upon that is more than a word. */
export interface PieceReader extends Cursor {
  readonly arithmetic: string[];
  /** Commands up to the closing bracket, which is read too. */
  readonly readSubstitution: () => boolean;
  /** A text of commands, whole. */
  readonly readText: (text: string) => boolean;
}

/**
 * Where a word stands: in a `word`, files are looked for and braces mean lists; in a `value`, which is assigned, neither;
 * a `pattern` has signs of its own, and no file is looked for.
 */
export type WordPlace = "word" | "value" | "pattern";

/** The word that begins here, without pieces if none does; `undefined` for what is not for sure. */
export function readShellWord(reader: PieceReader, place: WordPlace): Word | undefined {
  const pieces: Piece[] = [];
  const add = (text: string, isQuoted: boolean): true => {
    pieces.push({ kind: "text", text, isQuoted });
    return true;
  };
  const { text } = reader;
  if (place === "pattern" && text.charAt(reader.at) === "#") return undefined;
  const start = reader.at;
  while (!/^[\s;&|()<>]?$/.test(text.charAt(reader.at))) {
    const sign = text.charAt(reader.at);
    const isRead = (() => {
      const plain = readRun(reader, /[\w./:+,@%=^#-]+/y);
      if (plain !== "") return add(plain, false);
      if (sign === "'") return readSingleQuoted(reader, add);
      if (sign === '"') return readDoubleQuoted(reader, pieces);
      if (sign === "\\") return readEscaped(reader, add);
      if (sign === "$" || sign === "`") return readExpansion(reader, pieces, false);
      if (sign === "~" && !/[\w.+-]/.test(text.charAt(reader.at - 1))) return undefined;
      if (/[{}]/.test(sign) && place === "word") return undefined;
      reader.at += 1;
      return add(sign, false);
    })();
    if (!isRead) return undefined;
  }
  // Quotes with nothing between them are a word too.
  if (pieces.length === 0 && reader.at > start) add("", true);
  return pieces;
}

type AddText = (text: string, isQuoted: boolean) => true;

function readSingleQuoted(reader: Cursor, add: AddText): true | undefined {
  const quoted = readRun(reader, /'[^']*'/y);
  return quoted === "" ? undefined : add(quoted.slice(1, -1), true);
}

function readEscaped(reader: Cursor, add: AddText): true | undefined {
  const escaped = reader.text.charAt(reader.at + 1);
  reader.at += 2;
  if (escaped === "") return undefined;
  return escaped === "\n" || add(escaped, true);
}

function readDoubleQuoted(reader: PieceReader, pieces: Piece[]): true | undefined {
  const add = (text: string) => pieces.push({ kind: "text", text, isQuoted: true });
  reader.at += 1;
  add("");
  for (;;) {
    const run = readRun(reader, /[^"$`\\]+/y);
    if (run !== "") add(run);
    const sign = reader.text.charAt(reader.at);
    if (sign === '"') {
      reader.at += 1;
      return true;
    }
    if (sign === "$" || sign === "`") {
      if (!readExpansion(reader, pieces, true)) return undefined;
    } else if (sign === "\\") {
      const escaped = reader.text.charAt(reader.at + 1);
      if (escaped !== "\n") add(/[$`"\\]/.test(escaped) ? escaped : `\\${escaped}`);
      reader.at += 2;
    } else return undefined;
  }
}

function readExpansion(reader: PieceReader, pieces: Piece[], isQuoted: boolean): true | undefined {
  const read = expansionAt(reader)(reader, isQuoted);
  // Bash takes the continued line end out first, so that the expansion goes on behind it.
  if (!read || reader.text.startsWith("\\\n", reader.at)) return undefined;
  pieces.push(...read);
  return true;
}

/** The one way in which this can be read. */
function expansionAt({ text, at }: Cursor): (reader: PieceReader, isQuoted: boolean) => Piece[] | undefined {
  if (text.charAt(at) === "`") return readBackquoted;
  if (text.startsWith("$((", at)) return readArithmetic;
  if (text.startsWith("$(", at)) return readSubstitution;
  return /[\w{#?@*]/.test(text.charAt(at + 1)) ? readVariables : readDollar;
}

/** Backslashes before these signs are for the substitution, not for what is in it. */
function readBackquoted(reader: PieceReader, isQuoted: boolean): Piece[] | undefined {
  const quoted = readRun(reader, /`(?:[^`\\]|\\[\s\S])*`/y);
  const inner = quoted.slice(1, -1).replace(isQuoted ? /\\([$`\\"])/g : /\\([$`\\])/g, "$1");
  return quoted !== "" && reader.readText(inner) ? [printedBy(inner, isQuoted)] : undefined;
}

function printedBy(commands: string, isQuoted: boolean): Piece {
  return { kind: commands.trim() === "nproc" ? "number" : "output", isQuoted };
}

function readArithmetic(reader: PieceReader, isQuoted: boolean): Piece[] | undefined {
  const whole = readRun(reader, /\$\(\([\w\s$+*/%<>=!&|?:{}-]*\)\)/y);
  if (whole === "") return undefined;
  reader.arithmetic.push(whole.slice(3, -2));
  return [{ kind: "number", isQuoted }];
}

function readSubstitution(reader: PieceReader, isQuoted: boolean): Piece[] | undefined {
  reader.at += 2;
  const start = reader.at;
  return reader.readSubstitution() ? [printedBy(reader.text.slice(start, reader.at - 1), isQuoted)] : undefined;
}

/** `$name`, `${name}`, `${#name}`, and what takes away from a value, changes it, or stands for none. */
function readVariables(reader: Cursor, isQuoted: boolean): Piece[] | undefined {
  const bare = readRun(reader, /\$(?:[A-Za-z_]\w*|[\d#?@*])/y);
  if (bare !== "") return [{ kind: "variable", name: bare.slice(1), isPlain: true, isQuoted }];
  const braced = readRun(
    reader,
    /\$\{#?(?:[A-Za-z_]\w*|\d+)(?:\[(?:\d+|[@*])\])?(?:(?::?[-+]|[#%/^,])(?:[^'"\\`${}~()<>]|\$\w+|\$\{\w+\})*)?\}/y,
  );
  if (braced === "") return undefined;
  const names = Array.from(braced.matchAll(/(?:\$\{?|^\$\{#)(\w+)/g), ([, name = ""]) => name);
  return names.map((name) => ({ kind: "variable", name, isPlain: braced === `\${${name}}`, isQuoted }));
}

/** One that stands for itself. */
function readDollar(reader: Cursor, isQuoted: boolean): Piece[] | undefined {
  const literalBefore = isQuoted ? /^[ \t\n"/.,:=%)\]]$/ : /^[ \t\n/.,:=%;]?$/;
  if (!literalBefore.test(reader.text.charAt(reader.at + 1))) return undefined;
  reader.at += 1;
  return [{ kind: "text", text: "$", isQuoted: true }];
}
