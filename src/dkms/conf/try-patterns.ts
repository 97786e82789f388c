import type { Run } from "../../host/run.ts";
import { fail, type Result, succeed } from "../failure.ts";
import type { Kernel } from "../kernel.ts";
import { translateRegex } from "./posix-regex.ts";
import { entriesOf, type RawConf } from "./raw-conf.ts";

/** Whether a bash regex matches somewhere in a text. Knows the patterns of one dkms.conf and one kernel only. */
export type Matcher = (pattern: string, text: string) => boolean;

/**
 * Tries every release and architecture pattern of a dkms.conf against a kernel, so that the rules can be applied without
 * a process: here where JavaScript means the same, by one bash for all others. A pattern that is no regex matches nothing.
 */
export async function tryPatterns(run: Run, raw: RawConf, { id }: Kernel): Promise<Result<Matcher>> {
  const answers = new Map<string, boolean>();
  const unsure: Trial[] = [];
  for (const trial of trialsOf(raw, id)) {
    const regex = translateRegex(trial.pattern);
    if (regex) answers.set(keyOf(trial), regex.test(trial.text));
    else unsure.push(trial);
  }
  const asked = unsure.length > 0 ? await askBash(run, unsure) : succeed([]);
  if (!asked.ok) return asked;
  for (const [at, trial] of unsure.entries()) answers.set(keyOf(trial), asked.value[at] ?? false);
  return succeed((pattern, text) => answers.get(keyOf({ pattern, text })) ?? false);
}

/** Whether a dkms.conf may mean something else for another kernel. */
export function hasPatterns(raw: RawConf): boolean {
  return ["BUILD_EXCLUSIVE_ARCH", ...releasePatterns].some((name) => raw.has(name));
}

interface Trial {
  readonly pattern: string;
  readonly text: string;
}

function trialsOf(raw: RawConf, { release, arch }: Kernel["id"]): Trial[] {
  return entriesOf(raw).flatMap(({ name, value }) => {
    if (name === "BUILD_EXCLUSIVE_ARCH") return [{ pattern: value, text: arch }];
    return releasePatterns.includes(name) ? [{ pattern: value, text: release }] : [];
  });
}

const releasePatterns = ["MAKE_MATCH", "PATCH_MATCH", "BUILD_EXCLUSIVE_KERNEL"];

function keyOf({ pattern, text }: Trial): string {
  return `${text}\0${pattern}`;
}

const matchScript = "while (($#)); do [[ $1 =~ $2 ]]; printf %d $?; shift 2; done";

async function askBash(run: Run, trials: readonly Trial[]): Promise<Result<readonly boolean[]>> {
  const pairs = trials.flatMap(({ pattern, text }) => [text, pattern]);
  const args = ["--noprofile", "--norc", "-c", matchScript, "bash", ...pairs];
  const { ending, stdout } = await run({ file: "bash", args, timeoutMs: 10_000 });
  if (ending === "exited") return succeed(Array.from(stdout, (status) => status === "0"));
  if (ending === "cancelled") return fail("E_CANCELLED", "Stopped while matching the patterns of a dkms.conf.");
  const patterns = trials.map(({ pattern }) => pattern).join(", ");
  const message = `bash did not say whether these patterns match the kernel: ${patterns}`;
  return fail("E_CONF_INVALID", message, { remedy: "Install bash, or write simpler patterns.", dkmsExit: 8 });
}
