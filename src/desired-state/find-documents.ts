import path from "node:path";
import type { DirectoryEntry } from "../host/files.ts";
import type { Host } from "../host/host.ts";
import { attempt } from "./attempt.ts";
import type { Candidate } from "./candidate.ts";
import type { Fault } from "./diagnostic.ts";
import { type Checked, faultOf, type PlacedFault } from "./placed-fault.ts";
import { quote } from "./source-text.ts";

/** More files than any host needs; a directory with more is a mistake. */
const mostFiles = 1000;

/**
 * The documents of several places in merge order: place after place. What two of them lead to is an error: as one of two
 * documents it would contradict itself.
 */
export function findAllDocuments(
  host: Host,
  places: readonly string[],
  candidate?: Candidate,
): Checked<readonly string[]> {
  const found = places.map((place) => findDocuments(host, place, candidate));
  const files = found.flatMap(({ value }) => value ?? []);
  const again = files.filter((file, at) => files.indexOf(file) < at).map((file) => faultOf(file, namedTwice));
  return { value: [...new Set(files)], faults: [...found.flatMap(({ faults }) => faults), ...again] };
}

const namedTwice: Fault = {
  code: "E_CONFLICT",
  message: "The document is named twice: by itself and in its directory, or by the same --desired.",
  hint: "Name it once.",
};

/**
 * The documents of a desired state in merge order: the file itself, or a directory's `*.yaml` sorted by name. Hidden
 * files are skipped, `*.yml` too, with a warning. An empty directory is an error: it must not look like "no modules".
 */
function findDocuments(host: Host, place: string, candidate: Candidate | undefined): Checked<readonly string[]> {
  const isCandidate = place === candidate?.place;
  if (isCandidate) return { value: [place], faults: [] };
  const added = candidate && path.dirname(candidate.place) === place ? path.basename(candidate.place) : undefined;
  const found = attempt(() => host.files.stat(place));
  if (!found.ok) return refuse(place, found.error);
  if (found.value === undefined && candidate && added !== undefined) return { value: [candidate.place], faults: [] };
  if (found.value === undefined) return refuse(place, notThere);
  if (found.value.kind === "directory") return listDocuments(host, place, added);
  return { value: [place], faults: [] };
}

const notThere: Fault = {
  code: "E_UNREADABLE",
  message: "There is no such file or directory.",
  hint: "Write the desired state there (dkms-agent import --out FILE begins it), or name another place with --desired.",
};

function listDocuments(host: Host, directory: string, added: string | undefined): Checked<readonly string[]> {
  const listed = attempt(() => host.files.list(directory));
  if (!listed.ok) return refuse(directory, listed.error);
  const entries = (listed.value ?? []).filter((entry) => !entry.name.startsWith("."));
  const names = entries.map(({ name }) => name).filter((name) => name.endsWith(".yaml"));
  const all = added === undefined || names.includes(added) ? names : [...names, added].sort();
  const files = all.map((name) => path.join(directory, name));
  const warnings = entries.filter((entry) => entry.name.endsWith(".yml")).map((entry) => ignored(directory, entry));
  if (files.length === 0) return { value: undefined, faults: [faultOf(directory, noDocuments), ...warnings] };
  if (files.length > mostFiles) return { value: undefined, faults: [tooMany(directory, files.length), ...warnings] };
  return { value: [...new Set(files)], faults: warnings };
}

const noDocuments: Fault = {
  code: "E_EMPTY",
  message: "The directory holds no *.yaml file, so nothing is known about what is wanted.",
  hint: 'dkms-agent import --out FILE writes the first one; to want no modules at all, write one that says "modules: []".',
};

function ignored(directory: string, { name }: DirectoryEntry): PlacedFault {
  return faultOf(path.join(directory, name), {
    code: "W_IGNORED_FILE",
    message: "The file is ignored: only names that end in .yaml are read.",
    hint: `Rename it to ${quote(`${name.slice(0, -".yml".length)}.yaml`)}.`,
  });
}

function tooMany(directory: string, count: number): PlacedFault {
  const message = `The directory holds ${count} documents; at most ${mostFiles} are read.`;
  return faultOf(directory, { code: "E_TOO_LARGE", message, hint: "Put several modules into one document." });
}

function refuse(place: string, fault: Fault): Checked<never> {
  return { value: undefined, faults: [faultOf(place, fault)] };
}
