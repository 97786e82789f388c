import { directiveNames, type RawConf } from "./raw-conf.ts";
import { isSpecialVariable, type Scope } from "./shell-variables.ts";
import { type Cursor, readArray, readValue, skipBlanks, skipComment } from "./shell-words.ts";

/**
 * Evaluates a dkms.conf that consists of plain assignments, starting no process. It never guesses: a file with anything
 * else in it, anywhere, is `undefined` and for bash to evaluate.
 *
 * @param variables what the file finds set: kernelver, arch, …
 * @param inherited directives that an earlier file has set already
 */
export function evaluateStatically(
  text: string,
  variables: ReadonlyMap<string, string>,
  inherited: RawConf = new Map(),
): RawConf | undefined {
  const scope: Scope = new Map();
  for (const [name, value] of variables) scope.set(name, new Map([[0, value]]));
  for (const [name, entries] of inherited) scope.set(name, new Map(entries));
  if (!runAssignments(text, scope)) return undefined;
  const raw = new Map<string, ReadonlyMap<number, string>>();
  for (const name of directiveNames) {
    const values = scope.get(name);
    if (values) raw.set(name, values);
  }
  return raw;
}

/** Carries out a text of plain assignments on variables of whatever names. False if there is anything else in it. */
export function runAssignments(text: string, scope: Scope): boolean {
  if (unusualCharacters.test(text)) return false;
  const cursor: Cursor = { text, at: 0 };
  while (cursor.at < text.length) if (!readCommand(cursor, scope)) return false;
  return true;
}

/** Bash drops, escapes or mistakes them; a replacement character means that the file is not UTF-8. */
const unusualCharacters = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffd]/;

/** One command and what ends it: assignments, a comment, or nothing. False if it is anything else. */
function readCommand(cursor: Cursor, scope: Scope): boolean {
  for (let assignments = 0; ; assignments++) {
    skipBlanks(cursor);
    skipComment(cursor);
    const next = cursor.text.charAt(cursor.at);
    if (next === "" || next === "\n" || (next === ";" && assignments > 0)) {
      cursor.at += 1;
      return true;
    }
    // The blank lines of a file with DOS line ends: a command named CR, which bash does not find.
    if (assignments === 0 && /^\r(?:\n|$)/.test(cursor.text.slice(cursor.at, cursor.at + 2))) cursor.at += 1;
    else if (!readAssignment(cursor, scope)) return false;
  }
}

function readAssignment(cursor: Cursor, scope: Scope): boolean {
  assignment.lastIndex = cursor.at;
  const match = assignment.exec(cursor.text);
  const name = match?.[1];
  if (!match || name === undefined || isSpecialVariable(name)) return false;
  cursor.at += match[0].length;
  const appends = match[3] === "+";
  if (cursor.text.charAt(cursor.at) === "(") {
    return match[2] === undefined && assignArray(cursor, scope, { name, appends });
  }
  const value = readValue(cursor, scope);
  if (value === undefined) return false;
  const entries = scope.get(name) ?? new Map<number, string>();
  const index = Number(match[2] ?? 0);
  const whole = appends ? (entries.get(index) ?? "") + value : value;
  scope.set(name, entries.set(index, whole));
  return whole.length <= longest;
}

/** `NAME=`, `NAME+=`, `NAME[3]=`; any other subscript is arithmetic. */
const assignment = /([A-Za-z_]\w*)(?:\[(0|[1-9]\d{0,5})\])?(\+?)=/y;

/** A file that doubles a value line by line must not eat the memory. */
const longest = 1 << 20;

function assignArray(cursor: Cursor, scope: Scope, { name, appends }: { name: string; appends: boolean }): boolean {
  const elements = readArray(cursor, scope);
  if (!elements) return false;
  const entries = new Map(appends ? scope.get(name) : []);
  let index = Array.from(entries.keys()).reduce((next, taken) => Math.max(next, taken + 1), 0);
  for (const { subscript, value } of elements) {
    index = subscript ?? index;
    entries.set(index, value);
    index += 1;
  }
  scope.set(name, entries);
  return true;
}
