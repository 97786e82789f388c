import { type Branch, parseRegex } from "./parse-regex.ts";
import type { CompiledPattern } from "./text-pattern.ts";

/** How many characters a pattern may wait for at once, after its repetitions are written out. */
const largestSize = 1000;

/**
 * A regular expression in JavaScript's syntax with the flag u, asked whether it matches somewhere in a text. JavaScript
 * itself goes back and tries again, which can take for ever (`^(a+)+$`) and cannot be interrupted; here all ways are
 * followed side by side, so that the time is at most proportional to the size of the pattern times the length of the
 * text. What cannot be done so is refused: look-around, back references, modifiers, huge counts.
 */
export function compileRegex(pattern: string): CompiledPattern {
  const parsed = parseRegex(pattern);
  if (!parsed.ok) return parsed;
  if (sizeOf(parsed.value) > largestSize) {
    return { ok: false, error: { message: "It repeats too much.", hint: "Use smaller counts, or * and +." } };
  }
  // A document's patterns are all checked, and few of them asked.
  let start: State | undefined;
  return {
    ok: true,
    value: (text) => {
      start ??= stateFor(parsed.value, { kind: "end" });
      return search(start, [...text]);
    },
  };
}

function sizeOf(branch: Branch): number {
  switch (branch.kind) {
    case "character":
    case "assertion":
      return 1;
    case "sequence":
    case "choice":
      return branch.parts.reduce((sum, part) => sum + sizeOf(part), 1);
    case "repeated":
      return sizeOf(branch.body) * (branch.most === Number.POSITIVE_INFINITY ? branch.least + 1 : branch.most) + 1;
  }
}

type State =
  | { readonly kind: "end" }
  | { readonly kind: "fork"; readonly next: State[] }
  | { readonly kind: "character"; readonly accepts: (character: string) => boolean; readonly next: State }
  | { readonly kind: "assertion"; readonly holds: Holds; readonly next: State };

type Holds = Extract<Branch, { kind: "assertion" }>["holds"];

/** The state in which a branch begins that goes on to `next`. */
function stateFor(branch: Branch, next: State): State {
  switch (branch.kind) {
    case "character":
      return { kind: "character", accepts: branch.accepts, next };
    case "assertion":
      return { kind: "assertion", holds: branch.holds, next };
    case "sequence":
      return branch.parts.reduceRight((after, part) => stateFor(part, after), next);
    case "choice":
      return { kind: "fork", next: branch.parts.map((part) => stateFor(part, next)) };
    case "repeated":
      return stateForRepeated(branch, next);
  }
}

function stateForRepeated({ body, least, most }: Extract<Branch, { kind: "repeated" }>, next: State): State {
  let state = next;
  if (most === Number.POSITIVE_INFINITY) {
    const again: State[] = [];
    state = { kind: "fork", next: again };
    again.push(stateFor(body, state), next);
  } else {
    for (let count = least; count < most; count++) state = { kind: "fork", next: [stateFor(body, state), next] };
  }
  for (let count = 0; count < least; count++) state = stateFor(body, state);
  return state;
}

/** A match may begin at any character; the text is read once. */
function search(start: State, characters: readonly string[]): boolean {
  let arrived: readonly State[] = [];
  for (let at = 0; at <= characters.length; at++) {
    const before = characters[at - 1];
    const after = characters[at];
    const waiting = expand([...arrived, start], { before, after });
    if (waiting === "matched") return true;
    arrived = waiting.flatMap((state) => (after !== undefined && state.accepts(after) ? [state.next] : []));
  }
  return false;
}

type Waiting = Extract<State, { kind: "character" }>;

/** Every state that can be reached without reading a character and waits for one. */
function expand(states: State[], around: Parameters<Holds>[0]): "matched" | readonly Waiting[] {
  const seen = new Set<State>();
  const waiting: Waiting[] = [];
  for (let state = states.pop(); state !== undefined; state = states.pop()) {
    if (seen.has(state)) continue;
    seen.add(state);
    if (state.kind === "end") return "matched";
    if (state.kind === "character") waiting.push(state);
    else if (state.kind === "fork") states.push(...state.next);
    else if (state.holds(around)) states.push(state.next);
  }
  return waiting;
}
