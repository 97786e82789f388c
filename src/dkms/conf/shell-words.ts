import { expandAt, type Scope } from "./shell-variables.ts";

/** Where the reading of a shell text has come to. */
export interface Cursor {
  readonly text: string;
  at: number;
}

export interface ArrayElement {
  /** Of `[3]=value`. */
  readonly subscript: number | undefined;
  readonly value: string;
}

/** Over spaces, tabs and continued line ends. */
export function skipBlanks(cursor: Cursor): void {
  matchAt(cursor, /(?:[ \t]|\\\n)*/y);
}

/** Over a comment that begins here, up to its line end. */
export function skipComment(cursor: Cursor): void {
  matchAt(cursor, /(?:#[^\n]*)?/y);
}

/**
 * The value of an assignment, up to the blank, line end or semicolon that ends it. `undefined` for what needs a shell,
 * or is no shell text at all.
 */
export function readValue(cursor: Cursor, scope: Scope): string | undefined {
  return readWord(cursor, scope, valueRules);
}

/** The elements between the brackets of `NAME=(…)`, with the cursor at the opening one; `undefined` as above. */
export function readArray(cursor: Cursor, scope: Scope): readonly ArrayElement[] | undefined {
  const elements: ArrayElement[] = [];
  cursor.at += 1;
  for (;;) {
    matchAt(cursor, /(?:[ \t\n]|\\\n)*/y);
    skipComment(cursor);
    const next = cursor.text.charAt(cursor.at);
    if (next === ")") break;
    if (next === "") return undefined;
    if (next === "\n") continue;
    const subscript = readSubscript(cursor);
    const value = readWord(cursor, scope, subscript === undefined ? elementRules : subscriptedRules);
    if (value === undefined) return undefined;
    elements.push({ subscript, value });
  }
  cursor.at += 1;
  return /^[ \t\n;]?$/.test(cursor.text.charAt(cursor.at)) ? elements : undefined;
}

function readSubscript(cursor: Cursor): number | undefined {
  const pattern = /\[(0|[1-9]\d{0,5})\]=/y;
  pattern.lastIndex = cursor.at;
  const match = pattern.exec(cursor.text);
  if (!match) return undefined;
  cursor.at += match[0].length;
  return Number(match[1]);
}

interface WordRules {
  /** Ends the word; not part of it. */
  readonly end: RegExp;
  /** Unquoted, it has a meaning that needs a shell. */
  readonly refused: RegExp;
  /** What an unquoted expansion may come to here: elsewhere bash would split it, or look for files. */
  readonly expansion: RegExp;
}

const valueRules: WordRules = { end: /[ \t\n;]/, refused: /[`()<>|&]/, expansion: /^/ };
const elementRules: WordRules = {
  end: /[ \t\n)]/,
  refused: /[`(<>|&;*?[\]{}~!^]/,
  expansion: /^[A-Za-z0-9_./+:@%=,-]+$/,
};
/** Bash expands these at another time than their neighbours. */
const subscriptedRules: WordRules = { ...elementRules, expansion: /[^\s\S]/ };

function readWord(cursor: Cursor, scope: Scope, rules: WordRules): string | undefined {
  let word = "";
  while (cursor.at < cursor.text.length && !rules.end.test(cursor.text.charAt(cursor.at))) {
    const piece = readRun(cursor, plainRun) || readPiece(cursor, scope, rules);
    if (piece === undefined) return undefined;
    word += piece;
  }
  return word;
}

/** Has no meaning to any rule, quoted or not. */
const plainRun = /[\w./:+,@%=-]+/y;
const quotedRun = /[^"$`\\]+/y;

/** What of the text is of this kind, from here on: most of a file, and quicker than sign by sign. */
export function readRun(cursor: Cursor, kind: RegExp): string {
  return matchAt(cursor, kind)?.[0] ?? "";
}

/** What of a sticky pattern stands here; the cursor is behind it then. */
export function matchAt(cursor: Cursor, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = cursor.at;
  const match = pattern.exec(cursor.text) ?? undefined;
  cursor.at += match?.[0].length ?? 0;
  return match;
}

function readPiece(cursor: Cursor, scope: Scope, rules: WordRules): string | undefined {
  const sign = cursor.text.charAt(cursor.at);
  if (sign === "'") return readSingleQuoted(cursor);
  if (sign === '"') return readDoubleQuoted(cursor, scope);
  if (sign === "\\") return readEscaped(cursor);
  if (sign === "$") {
    const value = readExpansion(cursor, scope, /^[ \t\n/.,:=%;]?$/);
    return value !== undefined && rules.expansion.test(value) ? value : undefined;
  }
  const before = cursor.text.charAt(cursor.at - 1);
  if (rules.refused.test(sign) || (sign === "~" && !/[\w.+-]/.test(before))) return undefined;
  cursor.at += 1;
  return sign;
}

function readSingleQuoted(cursor: Cursor): string | undefined {
  const end = cursor.text.indexOf("'", cursor.at + 1);
  if (end < 0) return undefined;
  const text = cursor.text.slice(cursor.at + 1, end);
  cursor.at = end + 1;
  return text;
}

function readEscaped(cursor: Cursor): string | undefined {
  const escaped = cursor.text.charAt(cursor.at + 1);
  cursor.at += 2;
  if (escaped === "") return undefined;
  return escaped === "\n" ? "" : escaped;
}

function readDoubleQuoted(cursor: Cursor, scope: Scope): string | undefined {
  let text = "";
  cursor.at += 1;
  for (;;) {
    text += readRun(cursor, quotedRun);
    const sign = cursor.text.charAt(cursor.at);
    if (sign === "" || sign === "`") return undefined;
    if (sign === "$") {
      const value = readExpansion(cursor, scope, /^[ \t\n"/.,:=%)\]]$/);
      if (value === undefined) return undefined;
      text += value;
    } else if (sign === "\\") {
      const escaped = cursor.text.charAt(cursor.at + 1);
      text += /[$`"\\]/.test(escaped) ? escaped : escaped === "\n" ? "" : `\\${escaped}`;
      cursor.at += 2;
    } else {
      cursor.at += 1;
      return text;
    }
  }
}

/** `literalBefore`: what may follow a dollar sign that stands for itself. */
function readExpansion(cursor: Cursor, scope: Scope, literalBefore: RegExp): string | undefined {
  const expansion = expandAt(cursor.text, cursor.at, scope);
  if (expansion) {
    cursor.at = expansion.end;
    // Bash takes the continued line end out first, so that the name goes on behind it.
    return startsWith(cursor, "\\\n") ? undefined : expansion.value;
  }
  if (!literalBefore.test(cursor.text.charAt(cursor.at + 1))) return undefined;
  cursor.at += 1;
  return "$";
}

function startsWith(cursor: Cursor, text: string): boolean {
  return cursor.text.startsWith(text, cursor.at);
}
