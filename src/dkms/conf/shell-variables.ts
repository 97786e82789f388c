import { directiveNames } from "./raw-conf.ts";

/**
 * Variables that bash itself gives a value or a meaning. What reads or sets one of them is for bash to evaluate. Every
 * other name is unset in the clean environment that a dkms.conf gets, unless the file or DKMS sets it.
 */
const specialPatterns = [
  /^(_|IFS|PATH|PWD|OLDPWD|HOME|ENV|U?ID|EUID|PPID|GROUPS|DIRSTACK|CDPATH|REPLY|MAPFILE|FUNC(NAME|NEST))$/,
  /^(S?RANDOM|SECONDS|LINENO|PIPESTATUS|TIMEFORMAT|TMOUT|TMPDIR|CHILD_MAX|POSIXLY_CORRECT|IGNOREEOF|FCEDIT)$/,
  /^(SHELL|SHELLOPTS|SHLVL|HOSTNAME|HOSTTYPE|MACHTYPE|OSTYPE|TERM|USER|LOGNAME|COLUMNS|LINES|INPUTRC|EMACS)$/,
  /^(GLOBIGNORE|GLOBSORT|EXECIGNORE|FIGNORE|INSIDE_EMACS|NLSPATH|TZ|LANG|LANGUAGE|auto_resume|histchars)$/,
  /^(BASH|COMP|READLINE|HIST|LC_|PS\d|EPOCH|OPT(ARG|ERR|IND)|MAIL|COPROC|TEXTDOMAIN|LD_|MALLOC_|GLIBC_|GCONV_)/,
  /^(__dkms_agent_|DKMS_AGENT_RUN$)/,
];

const directives: ReadonlySet<string> = new Set(directiveNames);

/** Whether a variable is for bash alone. */
export function isSpecialVariable(name: string): boolean {
  if (directives.has(name)) return false;
  return specialPatterns.some((pattern) => pattern.test(name));
}

/** `$name`, `${name}` or `${name[3]}`: the expansions that need no shell. Sticky. */
const plainExpansion = /\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:\[(0|[1-9]\d{0,5})\])?\})/y;

/** Variables as bash holds them: a plain one is the array with one entry. */
export type Scope = Map<string, Map<number, string>>;

/** What a plain expansion at this place stands for, and where it ends; `undefined` if it is not a plain one. */
export function expandAt(text: string, at: number, scope: Scope): { value: string; end: number } | undefined {
  plainExpansion.lastIndex = at;
  const match = plainExpansion.exec(text);
  const name = match?.[1] ?? match?.[2];
  if (!match || name === undefined || isSpecialVariable(name)) return undefined;
  return { value: scope.get(name)?.get(Number(match[3] ?? 0)) ?? "", end: at + match[0].length };
}
