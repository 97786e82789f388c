import { didYouMean } from "../did-you-mean.ts";
import { fail, type Result, succeed } from "../failure.ts";
import { type DkmsVerb, dkmsVerbs, kernelRules } from "./dkms-verbs.ts";
import type { Draft } from "./option-table.ts";

/**
 * The verb, if the options go together. The order of the checks is dell/dkms's (tried): it decides which code wins when
 * several rules are broken.
 */
export function checkDraft(draft: Draft): Result<DkmsVerb> {
  const { options, releases, arches, verb } = draft;
  if (options.binariesOnly && options.sourceOnly)
    return refuse("--binaries-only and --source-only leave nothing: give one of them.", 8);
  if (arches.length > 1 && arches.length !== releases.length)
    return refuse(`${arches.length} architectures belong to as many kernels, but ${releases.length} are named.`, 1);
  if (options.all && releases.length > 0) return refuse("-k names kernels, and --all means every one: give one.", 2);
  if (options.all && arches.length > 0) return refuse("-a names architectures, and --all means all: give one.", 3);
  if (draft.badValue !== undefined) return refuse(draft.badValue, 2);
  if (verb === undefined) return findEmpty(draft) ?? noVerb(draft);
  return checkKernels(draft, verb) ?? succeed(verb);
}

/** dell/dkms exits with 0 here, which hides every typing error. */
function noVerb({ name, firstBareWord }: Draft): Result<never> {
  const word = firstBareWord ?? name;
  const remedy = `The actions are ${dkmsVerbs.join(", ")}.`;
  if (word === "") return refuse("No action is given.", 2, remedy);
  return refuse(`No action is given: "${word}" is none.`, 2, didYouMean(word, dkmsVerbs) ?? remedy);
}

function checkKernels(draft: Draft, verb: DkmsVerb): Result<never> | undefined {
  const { options, releases } = draft;
  const rule = kernelRules[verb];
  if (options.all && !rule.all) return refuse(`${verb} does not work on all kernels at once.`, 5, "Leave out --all.");
  const named = releases.length === 0 ? "none is named" : `several are named: ${releases.join(", ")}`;
  if (rule.kernels === "one" && releases.length !== 1)
    return refuse(`${verb} needs one kernel, and ${named}.`, 4, "Name one with -k RELEASE.");
  const empty = verb === "status" ? undefined : findEmpty(draft);
  if (empty) return empty;
  if (rule.kernels === "at most one" && releases.length > 1)
    return refuse(`${verb} works for one kernel, and ${named}.`, 4, "Name one with -k RELEASE.");
  return undefined;
}

function findEmpty({ releases, arches }: Draft): Result<never> | undefined {
  if (releases.includes("")) return refuse("A kernel is named with an empty release.", 16, "Write -k RELEASE.");
  if (arches.includes("")) return refuse("An empty architecture is named.", 16, "Write -a ARCH, or -k RELEASE/ARCH.");
  return undefined;
}

function refuse(message: string, dkmsExit: number, remedy?: string): Result<never> {
  return fail("E_USAGE", message, { dkmsExit, ...(remedy === undefined ? {} : { remedy }) });
}
