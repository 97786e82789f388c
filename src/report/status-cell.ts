import type { InstanceState, ModuleState } from "../actual-state/actual-state.ts";
import type { LoadedVerdict } from "../actual-state/compare-loaded.ts";
import type { Plan } from "../plan/plan.ts";
import type { Tone } from "./terminal.ts";

/** One module for one kernel. */
export interface Cell {
  readonly level: "installed" | "built" | "added" | "broken" | "–";
  readonly marks: readonly Mark[];
  /** Both, as the table shows them. */
  readonly text: string;
  readonly tone: Tone;
}

/** What else there is to say about a cell; the legend tells what each means. */
export type Mark = "●" | "○" | "?" | "!" | "*" | "≈" | "~" | "·";

const meanings: readonly (readonly [Mark, string])[] = [
  ["●", "loaded"],
  ["○", "another build of it is loaded: load it anew, or boot"],
  ["?", "loaded; neither srcversion nor build-id tells whether it is the one that is here"],
  ["!", "blocked: wanted otherwise, and not reachable now"],
  ["*", "a problem, see below"],
  ["≈", "drifted: not as it was left; apply would put it back"],
  ["~", "apply would change it"],
  ["·", "not applicable: its dkms.conf excludes the kernel"],
];

/** What a cell shows where the module is not even in the DKMS tree. */
export const absentText = "–";

/** The marks that occur, with their meanings. */
export function legendOf(cells: readonly Cell[]): readonly (readonly [Mark, string])[] {
  return meanings.filter(([mark]) => cells.some(({ marks }) => marks.includes(mark)));
}

interface Place {
  readonly module: ModuleState | undefined;
  readonly kernel: { readonly release: string; readonly arch: string };
  /** `name/version@release/arch` */
  readonly address: string;
  readonly loaded: ReadonlyMap<string, LoadedVerdict>;
}

/** The level of an instance, whether it is loaded, and of everything else the one mark that matters most. */
export function statusCell({ module, kernel, address, loaded }: Place, plan: Plan | undefined): Cell {
  const instance = module?.instances.find(
    (one) => one.kernel.release === kernel.release && one.kernel.arch === kernel.arch,
  );
  const level = levelText(module, instance);
  const mark = markOf(instance, address, plan);
  const marks = [...loadedMarks[loaded.get(address) ?? "no"], ...(mark ? [mark] : [])];
  const text = marks.length === 0 ? level : `${level} ${marks.join("")}`;
  return { level, marks, text, tone: toneOf(level, marks) };
}

const loadedMarks: Readonly<Record<LoadedVerdict, readonly Mark[]>> = {
  no: [],
  current: ["●"],
  other: ["○"],
  unknown: ["?"],
};

function levelText(module: ModuleState | undefined, instance: InstanceState | undefined): Cell["level"] {
  if (!module) return absentText;
  if (instance) return instance.level;
  return module.link === "linked" ? "added" : "broken";
}

function markOf(instance: InstanceState | undefined, address: string, plan: Plan | undefined): Mark | undefined {
  const isHere = (one: { readonly address: string }) => one.address === address;
  if (plan?.blocked.some(isHere)) return "!";
  if (instance && instance.problems.length > 0) return "*";
  const change = plan?.changes.find(isHere);
  if (change) return change.drift === "corrective" ? "≈" : "~";
  return plan?.notApplicable.some(isHere) ? "·" : undefined;
}

function toneOf(level: Cell["level"], marks: readonly Mark[]): Tone {
  if (marks.includes("!") || marks.includes("*") || level === "broken") return "bad";
  if (marks.includes("~") || marks.includes("≈") || marks.includes("○")) return "change";
  return level === "installed" ? "good" : "quiet";
}
