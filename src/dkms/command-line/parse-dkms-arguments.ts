import { nearestOf } from "../did-you-mean.ts";
import { type Failure, fail, type Result, succeed } from "../failure.ts";
import { checkDraft } from "./check-draft.ts";
import type { DkmsCall, KernelWord, SourceKind, SourceWord } from "./dkms-call.ts";
import { isDkmsVerb } from "./dkms-verbs.ts";
import { type Draft, emptyDraft, flagOptions, optionNames, takeModule, valuedOptions } from "./option-table.ts";

/** What a command line asks for. */
export type ParsedArguments =
  | { readonly kind: "version" | "help" }
  | { readonly kind: "call"; readonly call: DkmsCall };

/** What a bare word is on the disk, if it can be the source of a module. */
export type Classify = (word: string) => SourceKind | undefined;

/**
 * Reads the words as dell/dkms 3.2.2 does, every rule tried with it: options and words in any order; an option takes the
 * next word, whatever it is; --help and --version count where they stand; a bare word is the verb, or a file or
 * directory that a module comes from, or else the module.
 *
 * Fails with E_USAGE, whose `dkmsExit` is dell/dkms's code; it exits with 0 where there is no verb, we with 2.
 */
export function parseDkmsArguments(words: readonly string[], classify: Classify): Result<ParsedArguments> {
  const draft = emptyDraft();
  for (let at = 0; at < words.length; at += 1) {
    const { option, value } = splitOption(words[at] ?? "");
    const take = valuedOptions[option];
    if (take) {
      take(draft, value ?? words[at + 1] ?? "");
      if (value === undefined) at += 1;
      continue;
    }
    const asked = value === undefined ? infos[option] : undefined;
    if (asked) return succeed({ kind: asked });
    const problem = takeWord(draft, words[at] ?? "", classify);
    if (problem) return { ok: false, error: problem };
  }
  return finish(draft);
}

const infos: Readonly<Record<string, "version" | "help">> = {
  "-V": "version",
  "--version": "version",
  "-h": "help",
  "--help": "help",
};

interface OptionWord {
  readonly option: string;
  readonly value: string | undefined;
}

function splitOption(word: string): OptionWord {
  const equals = word.startsWith("--") ? word.indexOf("=") : -1;
  return equals < 0
    ? { option: word, value: undefined }
    : { option: word.slice(0, equals), value: word.slice(equals + 1) };
}

function takeWord(draft: Draft, word: string, classify: Classify): Failure | undefined {
  const flag = flagOptions[word];
  if (flag) flag(draft);
  else if (word.startsWith("-")) return unknownOption(word);
  else if (!isDkmsVerb(word)) takeBareWord(draft, word, classify(word));
  else if (draft.verb === undefined) draft.verb = word;
  else return usage(`Two actions are given, ${draft.verb} and ${word}: one at a time.`, 4);
  return undefined;
}

/** A word that is nothing on the disk names the module, unless one is named already. */
function takeBareWord(draft: Draft, word: string, kind: SourceKind | undefined): void {
  draft.firstBareWord ??= word;
  if (kind) draft.sources.push({ kind, path: word });
  else if (draft.name === "") takeModule(draft, word);
  else draft.notices.push(`Ignored: "${word}". It is neither an action nor an option, and a module is named already.`);
}

function unknownOption(word: string): Failure {
  const nearest = nearestOf(word.replace(/=.*/s, ""), optionNames);
  const hint = nearest === undefined ? "dkms --help tells all options." : `Did you mean ${nearest}?`;
  return usage(`There is no option ${word}.`, 2, hint);
}

function usage(message: string, dkmsExit: number, remedy?: string): Failure {
  return fail("E_USAGE", message, { dkmsExit, ...(remedy === undefined ? {} : { remedy }) }).error;
}

function finish(draft: Draft): Result<ParsedArguments> {
  const checked = checkDraft(draft);
  if (!checked.ok) return checked;
  const call: DkmsCall = {
    verb: checked.value,
    name: draft.name || undefined,
    version: draft.version || undefined,
    source: chooseSource(draft),
    kernels: pairKernels(draft),
    options: draft.options,
    notices: draft.notices,
  };
  return succeed({ kind: "call", call });
}

/** An archive goes before a directory; of several the last counts. */
function chooseSource({ options, sources }: Draft): SourceWord | undefined {
  const given = sources.findLast(({ kind }) => kind === "rpm" || kind === "archive");
  if (given) return given;
  if (options.archive !== undefined) return { kind: "archive", path: options.archive };
  return sources.at(-1);
}

/** A single architecture counts for all kernels; several belong to one kernel each, in their order. */
function pairKernels({ releases, arches }: Draft): KernelWord[] {
  const [only] = arches;
  if (releases.length === 0) return arches.length === 0 ? [] : [{ release: undefined, arch: only }];
  return releases.map((release, index) => ({ release, arch: arches.length > 1 ? arches[index] : only }));
}
