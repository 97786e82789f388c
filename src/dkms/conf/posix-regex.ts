import { posixClasses } from "../posix-classes.ts";

/**
 * The JavaScript form of a POSIX extended regex as bash's `=~` understands it in the C locale, for asking whether it
 * matches somewhere in a text. `undefined` for everything that is not certain to mean the same in both: back
 * references, GNU escapes, collating elements, quantifiers of quantifiers, what regcomp(3) refuses.
 */
export function translateRegex(pattern: string): RegExp | undefined {
  const state: State = { pattern, at: 0, source: "", last: "start", groups: [] };
  while (state.at < pattern.length) if (!readToken(state)) return undefined;
  return state.groups.length === 0 && endsBranch(state) ? new RegExp(state.source) : undefined;
}

interface State {
  readonly pattern: string;
  at: number;
  source: string;
  /** What stands before: only an atom can be repeated; an anchor or a whole branch cannot. */
  last: "start" | "atom" | "repeated" | "anchor";
  /** Open groups: whether anything inside is repeated. */
  readonly groups: boolean[];
}

function readToken(state: State): boolean {
  const sign = state.pattern.charAt(state.at);
  switch (sign) {
    case "(":
      state.groups.push(false);
      return emit(state, "(?:", "start");
    case ")":
      return closeGroup(state);
    case "|":
      return endsBranch(state) && emit(state, "|", "start");
    case "^":
    case "$":
      return emit(state, sign, "anchor");
    case ".":
      return emit(state, "[^]", "atom");
    case "*":
    case "+":
    case "?":
      return repeat(state, sign);
    case "{":
      return readInterval(state);
    case "[":
      return readBracket(state);
    case "\\":
      return readEscape(state);
    default:
      return literal.test(sign) && emit(state, escaped(sign), "atom");
  }
}

/** Printable ASCII without a meaning of its own. A lone `]` is one, a lone `}` is not in every regcomp. */
const literal = /^[\w \-!"#%&',/:;<=>@~\]`]$/;

function emit(state: State, source: string, last: State["last"], length = 1): boolean {
  state.source += source;
  state.last = last;
  state.at += length;
  return true;
}

function endsBranch({ last }: State): boolean {
  return last !== "start";
}

function closeGroup(state: State): boolean {
  const isRepeated = state.groups.pop();
  if (isRepeated === undefined || !endsBranch(state)) return false;
  const outer = state.groups.length - 1;
  if (isRepeated && outer >= 0) state.groups[outer] = true;
  // Repeating what is repeated inside may take a backtracking engine for ever.
  return emit(state, ")", isRepeated ? "repeated" : "atom");
}

function repeat(state: State, quantifier: string): boolean {
  if (state.last !== "atom") return false;
  const innermost = state.groups.length - 1;
  if (innermost >= 0) state.groups[innermost] = true;
  return emit(state, quantifier, "repeated", quantifier.length);
}

function readInterval(state: State): boolean {
  const [interval, least, , most] = /^\{(\d{1,3})(,(\d{0,3}))?\}/.exec(state.pattern.slice(state.at)) ?? [];
  if (interval === undefined || Number(least) > 255 || Number(most || 0) > 255) return false;
  return !(most && Number(most) < Number(least)) && repeat(state, interval);
}

/** A sign that POSIX lets a backslash quote; before others, GNU gives it meanings. */
function readEscape(state: State): boolean {
  const sign = state.pattern.charAt(state.at + 1);
  return /^[.[\]*^$+?(){}|\\/-]$/.test(sign) && emit(state, escaped(sign), "atom", 2);
}

function readBracket(state: State): boolean {
  const match = bracket.exec(state.pattern.slice(state.at));
  const [whole, negation, members] = match ?? [];
  if (whole === undefined || members === undefined) return false;
  const translated = translateMembers(members);
  return translated !== undefined && emit(state, `[${negation ? "^" : ""}${translated}]`, "atom", whole.length);
}

/** `]` is a member where it comes first; `[:alpha:]` may stand anywhere. */
const bracket = /^\[(\^?)(\]?(?:\[:[a-z]+:\]|[^[\]])*)\]/;

function translateMembers(members: string): string | undefined {
  let source = "";
  for (let rest = members; rest !== ""; ) {
    const [named, name = ""] = /^\[:([a-z]+):\]/.exec(rest) ?? [];
    const [range] = /^(?:\d-\d|[a-z]-[a-z]|[A-Z]-[A-Z])/.exec(rest) ?? [];
    const sign = rest.charAt(0);
    if (named !== undefined) {
      const translated = posixClasses.get(name);
      if (translated === undefined || rest.charAt(named.length) === "-") return undefined;
      source += translated;
    } else if (range !== undefined) {
      if (range.charCodeAt(0) > range.charCodeAt(2) || rest.charAt(range.length) === "-") return undefined;
      source += range;
    } else if (isAscii.test(sign) && (sign !== "-" || rest === "-" || rest === members) && rest.charAt(1) !== "-") {
      source += escaped(sign);
    } else if (isAscii.test(sign) && rest === `${sign}-`) {
      source += escaped(sign);
    } else return undefined;
    rest = rest.slice((named ?? range ?? sign).length);
  }
  return source === "" ? undefined : source;
}

const isAscii = /^[ -~]$/;

function escaped(sign: string): string {
  return /[\w ]/.test(sign) ? sign : `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
