import { assignmentsOf, type ConfLook, type Judge, judgeCommand } from "./judge-command.ts";
import { readShellCommands, type ShellAssignment } from "./shell-commands.ts";
import type { Word } from "./shell-pieces.ts";
import { isSpecialVariable } from "./shell-variables.ts";

/** What the answer of bash depends on besides the text, its variables and the machine. */
export interface ConfReads {
  /** Absolute; that something is there, what it is and what is in it. */
  readonly places: ReadonlySet<string>;
  /** Looked for in PATH, those included that must not be there. */
  readonly programs: ReadonlySet<string>;
  /** Where the file lies, which it can ask for as $BASH_SOURCE. */
  readonly ownPlace: boolean;
}

/**
 * What bash can look at when it evaluates a dkms.conf, if that can be told from its text: it does nothing but assign, choose,
 * print, look at places whose names say nothing but what DKMS has set, source plain assignments, and pass text through
 * programs that do nothing else. `undefined` where that is not for sure, and where it is wrong.
 */
export function confReads(text: string, look: ConfLook): ConfReads | undefined {
  const shell = readShellCommands(text);
  if (!shell) return undefined;
  const { commands, functions, arithmetic } = shell;
  const counted = arithmetic.flatMap(namesIn);
  const assignments = commands.flatMap(assignmentsOf);
  const judge: Judge = {
    look,
    functions,
    assigned: new Set([...assignments.map(({ name }) => name), ...counted]),
    constants: new Set(),
    numbers: new Set(counted),
    sourced: new Set(),
    places: new Set(),
    programs: new Set(),
  };
  const names = commands.flatMap(({ words }) => words.flatMap(variablesIn));
  const isSure =
    arithmetic.every((sum) => !/\$\W*\d/.test(sum)) &&
    names.every(mayBeRead) &&
    [...judge.assigned].every(mayBeAssigned) &&
    // One that is not defined yet, or no more, would be looked for in PATH.
    ![...functions].some(look.hasProgram) &&
    commands.every((command) => judgeCommand(judge, command)) &&
    [...judge.constants].every((name) => !judge.sourced.has(name)) &&
    [...judge.numbers].every((name) => isNumber(name, { judge, assignments }));
  if (!isSure) return undefined;
  return {
    places: judge.places,
    programs: new Set([...judge.programs, ...functions]),
    ownPlace: names.includes("BASH_SOURCE"),
  };
}

function variablesIn(word: Word): string[] {
  return word.flatMap((piece) => (piece.kind === "variable" ? [piece.name] : []));
}

/** The arguments of a function, the status and the number of them; of what bash fills, the file's own path alone. */
function mayBeRead(name: string): boolean {
  return name === "BASH_SOURCE" || /^[1-9#?@*]$/.test(name) || (/^[A-Za-z_]/.test(name) && !isSpecialVariable(name));
}

/** Some programs go by variables too. */
function mayBeAssigned(name: string): boolean {
  return !isSpecialVariable(name) && !/^(?:GREP|_POSIX)/.test(name);
}

function namesIn(sum: string): string[] {
  return sum.match(/[A-Za-z_]\w*/g) ?? [];
}

interface Facts {
  readonly judge: Judge;
  readonly assignments: readonly ShellAssignment[];
}

/**
 * Whether a variable holds nothing but digits, or nothing. What counts reads anything else once more, as a sum with all that
 * bash expands in sums; and unquoted it could be split, or be a pattern for names of files.
 */
function isNumber(name: string, facts: Facts, seen: ReadonlySet<string> = new Set()): boolean {
  if (seen.has(name) || name === "#" || name === "?") return true;
  const { judge, assignments } = facts;
  if (!/^[A-Za-z_]/.test(name) || isSpecialVariable(name) || judge.sourced.has(name)) return false;
  if (!/^\d*$/.test(judge.look.variables.get(name) ?? "")) return false;
  const words = assignments.flatMap((one) => (one.name === name ? one.words : []));
  const within = new Set([...seen, name]);
  return words.flat().every((piece) => {
    if (piece.kind === "text") return /^-?\d*$/.test(piece.text);
    if (piece.kind === "variable") return piece.isPlain && isNumber(piece.name, facts, within);
    return piece.kind === "number";
  });
}
