import path from "node:path";
import type { Candidate } from "../desired-state/candidate.ts";
import type { Result } from "../dkms/failure.ts";
import type { Invocation } from "./command.ts";
import type { OptionSpec } from "./shared-options.ts";
import type { UsageError } from "./usage-error.ts";

/** Options of commands that can look at a document before it is put where it belongs. */
export const candidateOptions: readonly OptionSpec[] = [
  {
    flags: "--candidate <file>",
    description: "read this document too, as if it stood already where --in-place-of says",
  },
  {
    flags: "--in-place-of <path>",
    description:
      "the document that the candidate is to replace, or where it is to be new (default: its own name in the directory of --desired)",
  },
];

/** The document that is not in its place yet, if one is named; or why it cannot stand there. */
export function candidateOf({
  options,
  own,
}: Pick<Invocation, "options" | "own">): Result<Candidate | undefined, UsageError> {
  const file = textOf(own.candidate);
  const given = textOf(own.inPlaceOf);
  if (file === undefined) {
    if (given === undefined) return { ok: true, value: undefined };
    return refuse(
      "--in-place-of is given without --candidate.",
      "Name the document that is to stand there: --candidate FILE.",
    );
  }
  const places = options.desired.map((place) => path.resolve(place));
  const place = path.resolve(given ?? path.join(places[0] ?? "", path.basename(file)));
  if (places.includes(place)) return { ok: true, value: { file: path.resolve(file), place } };
  if (!places.includes(path.dirname(place))) {
    const message = `--candidate: ${place} would be none of the documents of ${places.join(" or ")}.`;
    return refuse(message, "Name a place directly in that directory: --in-place-of PATH.");
  }
  const name = path.basename(place);
  if (name.endsWith(".yaml") && !name.startsWith(".")) return { ok: true, value: { file: path.resolve(file), place } };
  const message = `--candidate: ${place} would not be read: only names that end in .yaml and begin with no dot are.`;
  return refuse(message, "Name a place that is read: --in-place-of PATH.yaml.");
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function refuse(message: string, hint: string): { readonly ok: false; readonly error: UsageError } {
  return { ok: false, error: { message, hint } };
}
