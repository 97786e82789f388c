import type { Run } from "../../host/run.ts";
import type { RawConf, RawEntry } from "../conf/raw-conf.ts";
import { collapse, rereadStatically } from "../conf/reread-value.ts";
import type { Scope } from "../conf/shell-variables.ts";
import { runAssignments } from "../conf/static-evaluator.ts";
import { type Failure, type Result, succeed } from "../failure.ts";
import type { FrameworkFile } from "./framework-files.ts";

/** What framework.conf may set, in the order in which dell/dkms reads the values; nothing else counts. */
const frameworkNames = [
  "source_tree",
  "dkms_tree",
  "install_tree",
  "tmp_location",
  "verbose",
  "symlink_modules",
  "autoinstall_all_kernels",
  "modprobe_on_install",
  "parallel_jobs",
  "compress_gzip_opts",
  "compress_xz_opts",
  "compress_zstd_opts",
  "post_transaction",
  "sign_file",
  "mok_signing_key",
  "mok_certificate",
] as const;

export type FrameworkName = (typeof frameworkNames)[number];

export interface FrameworkValues {
  readonly values: ReadonlyMap<FrameworkName, string>;
  /** What the files wrote to stderr. */
  readonly complaints: readonly string[];
}

/**
 * The values that the files leave, each file finding what the ones before it have set. They are read twice, like those
 * of a dkms.conf (reread-value.ts): `'$kernelver'` between single quotes is expanded after all.
 */
export async function evaluateFramework(
  run: Run,
  files: readonly FrameworkFile[],
  known: ReadonlyMap<string, string>,
): Promise<Result<FrameworkValues>> {
  let variables = known;
  const complaints: string[] = [];
  for (const { file, text } of files) {
    const first = await readOnce(run, { file, text, variables });
    if (!first.ok) return first;
    const second = await readAgain(run, { file, variables, entries: entriesOf(first.value.raw) });
    if (!second.ok) return second;
    variables = new Map([...variables, ...second.value.map(({ name, value }) => [name, value] as const)]);
    complaints.push(...first.value.complaints);
  }
  return succeed({ values: new Map(frameworkNames.flatMap((name) => entryOf(variables, name))), complaints });
}

interface Reading {
  readonly file: string;
  readonly variables: ReadonlyMap<string, string>;
}

interface Reader extends Reading {
  readonly text: string;
}

async function readOnce(
  run: Run,
  { file, text, variables }: Reader,
): Promise<Result<{ raw: RawConf; complaints: readonly string[] }>> {
  const scope = scopeOf(variables);
  if (runAssignments(text, scope)) return succeed({ raw: scope, complaints: [] });
  const { evaluateInBash } = await import("../conf/bash-evaluator.ts");
  const answer = await evaluateInBash(run, {
    file,
    variables,
    inherited: [],
    names: frameworkNames,
  });
  return answer.ok ? answer : { ok: false, error: inOurWords(answer.error) };
}

/** None of the settings is an array, and of an array bash takes the entry at 0. */
function entriesOf(raw: RawConf): readonly RawEntry[] {
  return frameworkNames.flatMap((name) => {
    const value = raw.get(name)?.get(0);
    return value === undefined ? [] : [{ name, index: 0, value: collapse(value) }];
  });
}

interface Rereading extends Reading {
  readonly entries: readonly RawEntry[];
}

async function readAgain(run: Run, { file, variables, entries }: Rereading): Promise<Result<readonly RawEntry[]>> {
  const scope = scopeOf(variables);
  const done: RawEntry[] = [];
  for (const entry of entries) {
    const value = rereadStatically(entry.value, scope);
    if (value === undefined) break;
    scope.set(entry.name, new Map([[0, value]]));
    done.push({ ...entry, value });
  }
  if (done.length === entries.length) return succeed(done);
  const { rereadInBash } = await import("../conf/bash-evaluator.ts");
  const answer = await rereadInBash(run, {
    file,
    variables,
    inherited: entries,
  });
  if (!answer.ok) return { ok: false, error: inOurWords(answer.error) };
  return succeed(entriesOf(answer.value));
}

function scopeOf(variables: ReadonlyMap<string, string>): Scope {
  return new Map(Array.from(variables, ([name, value]) => [name, new Map([[0, value]])]));
}

/** The evaluator's advice is about dkms.conf files. */
function inOurWords(error: Failure): Failure {
  if (error.code !== "E_CONF_INVALID" && error.code !== "E_NO_TOOL") return error;
  return { ...error, remedy: "Write plain assignments, such as mok_signing_key=/root/mok.key.", dkmsExit: 1 };
}

function entryOf(variables: ReadonlyMap<string, string>, name: FrameworkName): [FrameworkName, string][] {
  const value = variables.get(name);
  return value === undefined ? [] : [[name, value]];
}
