import { randomBytes } from "node:crypto";
import type { CommandResult, Run } from "../../host/run.ts";
import { type Failure, fail, type Result, succeed } from "../failure.ts";
import { endedFirst, wantOfMemory } from "../want-of-memory.ts";
import { rereadScript, sourceScript } from "./bash-scripts.ts";
import { directiveNames, type RawConf, type RawEntry, rawConfOf } from "./raw-conf.ts";

export interface BashRequest {
  /** The dkms.conf or override file; also its $BASH_SOURCE. */
  readonly file: string;
  readonly variables: ReadonlyMap<string, string>;
  /** Directives that an earlier file has set. */
  readonly inherited: readonly RawEntry[];
  /** The variables whose values are asked for. Default: the directives of dkms.conf. */
  readonly names?: readonly string[];
}

export interface BashAnswer {
  readonly raw: RawConf;
  /** What the file wrote to stderr. Its stdout is dropped, as by dell/dkms. */
  readonly complaints: readonly string[];
}

/**
 * Sources a dkms.conf in a bash of its own with a clean environment and the working directory `/`. Fails with
 * E_CONF_INVALID if the file ends the shell, hangs, or is not bash.
 */
export async function evaluateInBash(run: Run, request: BashRequest): Promise<Result<BashAnswer>> {
  const { file, names = directiveNames } = request;
  const marker = newMarker();
  const state = [...request.variables, ...request.inherited.map(toPair)].flat();
  const result = await runBash(run, [
    "-c",
    `${endedFirst}; ${sourceScript}`,
    "bash",
    file,
    marker,
    names.join(" "),
    ...state,
  ]);
  const unfinished = stoppedEarly(result, file);
  if (unfinished) return unfinished;
  const fields = between(result.stdout, marker);
  if (!fields) return endedTheShell(file, result);
  if (fields[0] !== "0") {
    const syntax = await runBash(run, ["-O", "extglob", "-n", file]);
    if (syntax.exitCode !== 0) return notBash(file, syntax.stderr);
  }
  return succeed({ raw: rawConfOf(toEntries(fields.slice(1))), complaints: linesOf(result.stderr) });
}

/** Reads values as if between double quotes (reread-value.ts), in order: a later one may refer to an earlier one. */
export async function rereadInBash(run: Run, request: BashRequest): Promise<Result<RawConf>> {
  const { file, variables, inherited } = request;
  const marker = newMarker();
  const state = [...variables, ...inherited.map(toPair)].flat();
  const result = await runBash(run, ["-c", rereadScript, "bash", marker, String(variables.size), ...state]);
  const unfinished = stoppedEarly(result, file);
  if (unfinished) return unfinished;
  const values = result.stdout.split("\0");
  if (values[inherited.length] !== marker) return endedTheShell(file, result);
  return succeed(rawConfOf(inherited.map((entry, at) => ({ ...entry, value: values[at] ?? "" }))));
}

/** A minute of configure belongs in PRE_BUILD: a dkms.conf is read at every scan. */
const timeoutMs = 10_000;

function runBash(run: Run, args: readonly string[]): Promise<CommandResult> {
  return run({ file: "bash", args: ["--noprofile", "--norc", ...args], timeoutMs });
}

/** What a dkms.conf cannot know, and so cannot print. */
function newMarker(): string {
  return `values-${randomBytes(16).toString("hex")}`;
}

function toPair({ name, index, value }: RawEntry): [string, string] {
  return [`${name}[${index}]`, value];
}

/** The fields between two markers; `undefined` if one of them is missing. */
function between(stdout: string, marker: string): string[] | undefined {
  const [, answer, rest] = stdout.split(`${marker}\0`);
  return answer === undefined || rest === undefined ? undefined : answer.split("\0").slice(0, -1);
}

function toEntries(fields: readonly string[]): RawEntry[] {
  const entries: RawEntry[] = [];
  for (let at = 0; at + 2 < fields.length; at += 3) {
    const [name = "", index = "", value = ""] = fields.slice(at, at + 3);
    // An associative array's key, which DKMS has no meaning for.
    if (/^\d+$/.test(index)) entries.push({ name, index: Number(index), value });
  }
  return entries;
}

type Failed = { readonly ok: false; readonly error: Failure };

function stoppedEarly(result: CommandResult, file: string): Failed | undefined {
  const { ending } = result;
  if (ending === "cancelled") return fail("E_CANCELLED", `Stopped while reading ${file}.`, { path: file });
  if (ending === "missing") {
    const remedy = "Install bash, or use a dkms.conf of plain assignments.";
    return fail("E_NO_TOOL", `${file} needs bash, which is not on this host.`, { path: file, remedy, dkmsExit: 8 });
  }
  if (ending === "exited") return undefined;
  // Without the kernel's word it is the file's own doing: functions that call themselves without end crash bash.
  const starved = result.oomKilled ? wantOfMemory(result, `the evaluation of ${file}`, "") : undefined;
  if (starved) return { ok: false, error: { ...starved, path: file, dkmsExit: 8 } };
  const how = ending === "timeout" ? `did not end within ${timeoutMs / 1000} s` : "was killed by a signal";
  return invalid(file, `${file} ${how}.`, "Move what takes long or fails into PRE_BUILD.");
}

function endedTheShell(file: string, { exitCode, stderr }: CommandResult): Failed {
  const last = linesOf(stderr).at(-1);
  const message = `${file} ended the shell with code ${exitCode} before its values could be read${last ? `: ${last}` : "."}`;
  return invalid(file, message, "Remove exit and exec from it; use BUILD_EXCLUSIVE_* to exclude kernels.");
}

function notBash(file: string, stderr: string): Failed {
  return invalid(file, `${file} is not valid bash: ${linesOf(stderr).join("; ")}`, "Correct the line that bash names.");
}

function invalid(path: string, message: string, remedy: string): Failed {
  return fail("E_CONF_INVALID", message, { path, remedy, dkmsExit: 8 });
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
