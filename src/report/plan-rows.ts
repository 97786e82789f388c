import type { Change } from "../plan/plan.ts";
import type { StepKind } from "../plan/step.ts";
import { type Fold, fold, unfolded } from "./fold.ts";
import type { Row } from "./rows.ts";
import type { ShownBlocked, ShownChange, ShownNotApplicable, ShownPlan } from "./shown-plan.ts";
import type { Tone } from "./terminal.ts";

/** What a plan says about instances and modules. */
export type Differences = Pick<ShownPlan, "changes" | "blocked" | "notApplicable">;

/** From so many lines on, what is the same for several kernels or modules is said once. */
const manyLines = 12;

/** One row for each change, then for what is blocked, then for what is not applicable; with places, each by itself. */
export function planRows({ changes, blocked, notApplicable }: Differences, withPlaces: boolean): readonly Row[] {
  const large = !withPlaces && changes.length + blocked.length + notApplicable.length >= manyLines;
  const changeFolds = large ? sharing(fold(changes, sameChange)) : unfolded(changes);
  const blockedFolds = large ? fold(blocked, ({ text, remedy }) => `${text}\n${remedy}`) : unfolded(blocked);
  const otherFolds = large ? fold(notApplicable, ({ text }) => text) : unfolded(notApplicable);
  return [
    ...changeFolds.map((one) => changeRow(one, withPlaces)),
    ...blockedFolds.map((one) => blockedRow(one, withPlaces)),
    ...otherFolds.map((one) => otherRow(one, withPlaces)),
  ];
}

/** Kernels that are those of the row above are not named again: 50 modules for 4 kernels are 51 lines, not 100. */
function sharing<T extends { readonly address: string }>(folds: readonly Fold<T>[]): readonly Fold<T>[] {
  return folds.map((one, index) => {
    const above = folds[index - 1]?.members ?? [];
    const isSame = one.subject.endsWith(" kernels") && one.members.join() === above.join();
    return isSame ? { ...one, subject: one.subject.replace(" for ", " for the same "), members: [] } : one;
  });
}

function sameChange({ address, actions, reason, before, drift }: ShownChange): string {
  const module = address.slice(0, Math.max(0, address.lastIndexOf("@")));
  return [module === "" ? address : module, before, actions.join(" "), drift, reason.text].join("\n");
}

function changeRow(folded: Fold<ShownChange>, withPlaces: boolean): Row {
  const { first, subject } = folded;
  const { sign, tone } = signOf(first);
  const details = [...members(folded), ...(withPlaces ? place(first.source) : [])];
  return {
    sign,
    tone,
    subject,
    actions: actionWords(first),
    text: `${first.reason.text}${driftRemark(first)}`,
    details,
  };
}

/** Nobody asked for another thing than before: the host is not as it was left. */
export function driftRemark({ drift }: Pick<ShownChange, "drift">): string {
  return drift === "corrective" ? " (drift)" : "";
}

function blockedRow(folded: Fold<ShownBlocked>, withPlaces: boolean): Row {
  const { source, code, text, remedy } = folded.first;
  const todo = { first: "→ ", text: remedy };
  const details = [...members(folded), todo, ...(withPlaces ? place(source) : [])];
  return { sign: "!", tone: "bad", subject: folded.subject, actions: "blocked", text: `${text} [${code}]`, details };
}

function otherRow(folded: Fold<ShownNotApplicable>, withPlaces: boolean): Row {
  const { source, text } = folded.first;
  const details = [...members(folded), leaveOut, ...(withPlaces ? place(source) : [])];
  return { sign: "·", tone: "quiet", subject: folded.subject, actions: "not applicable", text, details };
}

/** It is as it should be; whoever does not want to hear of it can say so. */
const leaveOut = { first: "→ ", text: "nothing to do; a selector with `not:` leaves the kernel out" };

function members({ members: parts }: Fold<ShownChange | ShownBlocked | ShownNotApplicable>): Row["details"] {
  return parts.length === 0 ? [] : [{ first: "", text: parts.join(", ") }];
}

function place(source: Change["source"]): Row["details"] {
  return source ? [{ first: "", text: `${source.file}:${source.line}:${source.column}` }] : [];
}

/** `+` for what comes, `-` for what goes, `~` for what is exchanged, `>` for the rest. */
function signOf({ actions, before, after }: Pick<Change, "actions" | "before" | "after">): {
  readonly sign: string;
  readonly tone: Tone;
} {
  const comes = ranks[after] - ranks[before];
  if (comes > 0) return { sign: "+", tone: "good" };
  if (comes < 0) return { sign: "-", tone: "bad" };
  const exchanged = actions.includes("build") || actions.includes("install");
  return exchanged ? { sign: "~", tone: "change" } : { sign: ">", tone: "place" };
}

const ranks = { absent: 0, added: 1, built: 2, installed: 3 } as const;

/** The actions in words. depmod goes without saying, except where it is all that is done. */
export function actionWords({ actions, before }: Pick<Change, "actions" | "before">): string {
  const told = actions.filter((kind) => kind !== "depmod");
  return (told.length === 0 ? actions : told).map((kind) => actionWord(kind, before, told)).join(", ");
}

function actionWord(kind: StepKind, before: Change["before"], all: readonly StepKind[]): string {
  const isThere = before === "built" || before === "installed";
  if (kind === "build" && isThere) return "rebuild";
  if (kind === "load-tarball") return isThere ? "reload" : "load";
  const isNew = all.includes("build") || all.includes("load-tarball");
  if (kind === "install" && before === "installed" && !isNew) return "reinstall";
  return kind;
}
