import path from "node:path";
import { nearestOf } from "../dkms/did-you-mean.ts";
import { digestSource } from "../dkms/digest-source.ts";
import type { Failure, Result } from "../dkms/failure.ts";
import type { ModuleId } from "../dkms/id.ts";
import { isConfOnly, readSourceMark } from "../dkms/source-mark.ts";
import { sourceOverlap } from "../dkms/source-overlap.ts";
import { sourceDirectory } from "../dkms/tree-layout.ts";
import type { Host } from "../host/host.ts";
import type { ScanRequest, SourceDirectory, SourceProblem, SourceState } from "./actual-state.ts";
import { findNewestSource } from "./find-newest-source.ts";
import { attempt, type Scan } from "./scan.ts";

/** Where a wanted module's source is, and why it cannot be used if it cannot. */
export function scanSource(scan: Scan, { module, directory }: ScanRequest["sources"][number]): SourceState {
  const place = sourceDirectory(scan.host.paths, module);
  const inTree = withMark(
    scan,
    module,
    lookAt(scan, place, () => absentFromTree(scan, module, place)),
  );
  if (directory === undefined) {
    const problem = inTree.ok ? undefined : inTree.error;
    return { id: module, inTree: inTree.ok ? inTree.value : undefined, given: undefined, problem };
  }
  const overlap = attempt(scan, directory, () => sourceOverlap(scan.host, module, directory));
  const given = lookAt(scan, directory, () => unusable(directory));
  const problem = overlap ? asProblem(overlap) : given.ok ? undefined : given.error;
  return {
    id: module,
    inTree: inTree.ok ? inTree.value : undefined,
    given: given.ok && !problem ? given.value : undefined,
    problem,
  };
}

function absentFromTree({ host }: Scan, { name, version }: ModuleId, place: string): SourceProblem {
  const text = `there is no source: ${place} is not there, or has no dkms.conf, and the document names no other`;
  const remedy = `install the package that brings ${name}-${version}, or add \`source:\` to the document`;
  const newest = findNewestSource(host, name);
  if (newest !== undefined) return { text, remedy: `${remedy}; the source tree has version ${newest}` };
  const own = path.basename(place);
  // It may be there, without a dkms.conf.
  const others = namesIn(host, path.dirname(place)).filter((one) => one !== own);
  const near = nearestOf(own, others);
  return { text, remedy: near === undefined ? remedy : `${remedy}; the source tree has ${near}` };
}

/** Only a hint is made of them, so whatever cannot be read is left to who needs it. */
function namesIn(host: Host, directory: string): readonly string[] {
  const listed = attempt({ findings: [] }, directory, () => host.files.list(directory));
  return listed?.map(({ name }) => name) ?? [];
}

function unusable(directory: string): SourceProblem {
  const text = `the source directory ${directory} is not there, or has no dkms.conf`;
  return { text, remedy: "put the source there, or mend `source:` in the document" };
}

function asProblem({ message, remedy }: Failure): SourceProblem {
  return {
    text: message,
    remedy: remedy ?? "make all of it readable, and take out what is no file, directory or link",
  };
}

function withMark(scan: Scan, module: ModuleId, found: Found): Found {
  if (!found.ok) return found;
  const mark = attempt(scan, found.value.directory, () => readSourceMark(scan.host, module));
  return mark ? { ok: true, value: { ...found.value, tarball: mark.tarball } } : found;
}

type Found = Result<SourceDirectory, SourceProblem>;

/** A source directory with its digest; what cannot be digested is a finding too. */
function lookAt(scan: Scan, directory: string, absent: () => SourceProblem): Found {
  const conf = path.join(directory, "dkms.conf");
  const isThere = attempt(scan, conf, () => scan.host.files.stat(conf)?.kind === "file");
  if (!isThere) return { ok: false, error: absent() };
  const digest = digestSource(scan.host.files, directory);
  if (digest.ok) {
    const confOnly = attempt(scan, directory, () => isConfOnly(scan.host, directory)) ?? false;
    return { ok: true, value: { directory, digest: digest.value, confOnly, tarball: undefined } };
  }
  const { code, message, path: place = directory } = digest.error;
  scan.findings.push({ code: code === "E_PERMISSION" ? code : "E_IO", path: place, message });
  return { ok: false, error: asProblem(digest.error) };
}
