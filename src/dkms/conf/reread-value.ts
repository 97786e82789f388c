import { entriesOf, type RawConf, type RawEntry, rawConfOf } from "./raw-conf.ts";
import { expandAt, type Scope } from "./shell-variables.ts";

/**
 * dell/dkms reads every value of a dkms.conf twice: it writes `NAME[n]="value"` with runs of white space made one blank,
 * and sources that. So `\$kernelver` and `'$kernelver'` are expanded after all, a PRE_BUILD of several lines is one
 * command, and double quotes inside a value vanish. Packages rely on all three.
 *
 * This is the first half: what stands between those quotes. One CR at the end is dropped before.
 */
export function collapse(value: string): string {
  return value.replace(/\r$/, "").replace(/[ \t\n]+/g, " ");
}

/** The same of all values of a file. */
export function collapsed(raw: RawConf): readonly RawEntry[] {
  return entriesOf(raw).map((entry) => ({ ...entry, value: collapse(entry.value) }));
}

/**
 * The second half without a shell: the value as bash reads it between double quotes. `undefined` where that needs bash
 * (other expansions than plain variables, quotes around blanks).
 */
export function rereadStatically(value: string, scope: Scope): string | undefined {
  if (!/[$`"\\]/.test(value)) return value;
  let text = "";
  let isQuoted = true;
  for (let at = 0; at < value.length; ) {
    const sign = value.charAt(at);
    const expansion = sign === "$" ? expandAt(value, at, scope) : undefined;
    if (expansion) {
      text += expansion.value;
      at = expansion.end;
    } else if (sign === '"') {
      isQuoted = !isQuoted;
      at += 1;
    } else if (!isQuoted) {
      if (!/[\w./:+,@%=-]/.test(sign)) return undefined;
      text += sign;
      at += 1;
    } else if (sign === "\\") {
      const escaped = value.charAt(at + 1);
      if (escaped === "") return undefined;
      text += /[$`"\\]/.test(escaped) ? escaped : sign + escaped;
      at += 2;
    } else {
      if (sign === "`" || (sign === "$" && !/^[ /.,:=%)\]]?$/.test(value.charAt(at + 1)))) return undefined;
      text += sign;
      at += 1;
    }
  }
  return isQuoted ? text : undefined;
}

/** All values of a file, in order: a later one may refer to an earlier one. `undefined` if one of them needs bash. */
export function rereadHere(variables: ReadonlyMap<string, string>, entries: readonly RawEntry[]): RawConf | undefined {
  const scope: Scope = new Map(Array.from(variables, ([name, value]) => [name, new Map([[0, value]])]));
  const done: RawEntry[] = [];
  for (const entry of entries) {
    const value = rereadStatically(entry.value, scope);
    if (value === undefined) return undefined;
    scope.set(entry.name, (scope.get(entry.name) ?? new Map()).set(entry.index, value));
    done.push({ ...entry, value });
  }
  return rawConfOf(done);
}
