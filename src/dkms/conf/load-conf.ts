import type { Host } from "../../host/host.ts";
import { fail, type Result, succeed } from "../failure.ts";
import { type ModuleId, moduleKey } from "../id.ts";
import type { Kernel } from "../kernel.ts";
import type { KnownEvaluations } from "../known-evaluations.ts";
import type { DkmsConf } from "./dkms-conf.ts";
import { type ConfMemory, evaluateConf } from "./evaluate-conf.ts";
import { interpretConf } from "./interpret-conf.ts";
import type { ConfProblem } from "./interpret-objects.ts";
import type { RawConf } from "./raw-conf.ts";
import { hasPatterns, tryPatterns } from "./try-patterns.ts";

export interface ConfRequest {
  readonly module: ModuleId;
  readonly kernel: Kernel;
  /** Default: `<dkms tree>/<name>/<version>/source/dkms.conf`. */
  readonly file?: string;
  /** As `--directive NAME=value`: they beat the file and every override file, and are taken as written. */
  readonly directives?: Readonly<Record<string, string>>;
  /** False: two objects of one name are no error, so that what is there can be taken away. Default: true. */
  readonly strict?: boolean;
  readonly known?: KnownConfs;
}

/** What one look, or one run of verbs, knows of dkms.conf files already, by what they say; grows while it goes on. */
export interface KnownConfs extends ConfMemory {
  /** What files say -> module -> what that means, where it means the same for every kernel. */
  readonly interpretations: Map<RawConf, Map<string, DkmsConf>>;
}

/** Where nothing is known yet, but what bash has said before. */
export function noKnownConfs(byBash?: KnownEvaluations): KnownConfs {
  return { evaluations: new Map(), byBash, interpretations: new Map() };
}

/**
 * What the dkms.conf of a module says for one kernel, override files of /etc/dkms and directives included. Fails with
 * E_CONF_MISSING (4) or with E_CONF_INVALID (8), whose message names every problem of the file; also with E_NO_TOOL,
 * E_CANCELLED and what io-failure.ts makes of a file that cannot be read.
 */
export async function loadConf(host: Host, request: ConfRequest): Promise<Result<DkmsConf>> {
  const { module, kernel, directives = {}, strict = true } = request;
  const file = request.file ?? `${host.paths.dkmsTree}/${moduleKey(module)}/source/dkms.conf`;
  const { known } = request;
  const evaluated = await evaluateConf(host, {
    module,
    kernel,
    file,
    directives,
    ...(known && { known }),
  });
  if (!evaluated.ok) return evaluated;
  const { raw, complaints } = evaluated.value;
  const shared = strict && !hasPatterns(raw) ? meaningsOf(raw, known) : undefined;
  const before = shared?.get(moduleKey(module));
  if (before) return succeed(withNotices(before, complaints));
  const matches = await tryPatterns(host.run, raw, kernel);
  if (!matches.ok) return matches;
  const conf = interpretConf(raw, { module, kernel, matches: matches.value, strict });
  if (!conf.ok) return invalid(file, conf.error, { host, module });
  shared?.set(moduleKey(module), conf.value);
  return succeed(withNotices(conf.value, complaints));
}

function meaningsOf(raw: RawConf, known: KnownConfs | undefined): Map<string, DkmsConf> | undefined {
  const before = known?.interpretations.get(raw);
  if (before || !known) return before;
  const meanings = new Map<string, DkmsConf>();
  known.interpretations.set(raw, meanings);
  return meanings;
}

function withNotices(conf: DkmsConf, complaints: readonly string[]): DkmsConf {
  return complaints.length === 0 ? conf : { ...conf, notices: [...conf.notices, ...complaints] };
}

function invalid(
  path: string,
  problems: readonly ConfProblem[],
  { host, module }: { host: Host; module: ModuleId },
): Result<never> {
  const list = problems.map(({ directive, problem }) => `${directive} ${problem}`).join("; ");
  const remedy = `Correct the file, or override the directive in ${host.paths.dkmsSettings}/${module.name}.conf.`;
  return fail("E_CONF_INVALID", `${path} is not usable: ${list}.`, { path, remedy, dkmsExit: 8 });
}
