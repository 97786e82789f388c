import type { InstanceState, ModuleState } from "../actual-state/actual-state.ts";
import type { Plan } from "../plan/plan.ts";
import type { Tone } from "./terminal.ts";

/** One module for one kernel. */
export interface Cell {
  readonly text: "installed" | "built" | "added" | "broken" | "–";
  readonly mark: Mark | "";
  readonly tone: Tone;
}

/** What else there is to say about a cell; the legend tells what each means. */
export type Mark = "!" | "*" | "~" | "·";

/** What the marks mean, in the order in which one hides the next. */
export const markMeanings: readonly (readonly [Mark, string])[] = [
  ["!", "blocked: wanted otherwise, and not reachable now"],
  ["*", "a problem, see below"],
  ["~", "apply would change it"],
  ["·", "not applicable: its dkms.conf excludes the kernel"],
];

/** What a cell shows where the module is not even in the DKMS tree. */
export const absentText = "–";

interface Place {
  readonly module: ModuleState | undefined;
  readonly kernel: { readonly release: string; readonly arch: string };
  /** `name/version@release/arch` */
  readonly address: string;
}

/** The level of an instance, with the one mark that matters most. */
export function statusCell({ module, kernel, address }: Place, plan: Plan | undefined): Cell {
  const instance = module?.instances.find(
    (one) => one.kernel.release === kernel.release && one.kernel.arch === kernel.arch,
  );
  const text = levelText(module, instance);
  const mark = markOf(instance, address, plan);
  return { text, mark, tone: toneOf(text, mark) };
}

function levelText(module: ModuleState | undefined, instance: InstanceState | undefined): Cell["text"] {
  if (!module) return absentText;
  if (instance) return instance.level;
  return module.link === "linked" ? "added" : "broken";
}

function markOf(instance: InstanceState | undefined, address: string, plan: Plan | undefined): Cell["mark"] {
  const isHere = (one: { readonly address: string }) => one.address === address;
  if (plan?.blocked.some(isHere)) return "!";
  if (instance && instance.problems.length > 0) return "*";
  if (plan?.changes.some(isHere)) return "~";
  return plan?.notApplicable.some(isHere) ? "·" : "";
}

function toneOf(text: Cell["text"], mark: Cell["mark"]): Tone {
  if (mark === "!" || mark === "*" || text === "broken") return "bad";
  if (mark === "~") return "change";
  return text === "installed" ? "good" : "quiet";
}
