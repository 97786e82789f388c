import type { ActualState } from "../actual-state/actual-state.ts";
import { compareLoaded } from "../actual-state/compare-loaded.ts";
import { compare } from "../compare.ts";
import type { DesiredState } from "../desired-state/desired-state.ts";
import type { LoadedDesired } from "../desired-state/load-desired.ts";
import { openDigests } from "../dkms/known-digests.ts";
import { openEvaluations } from "../dkms/known-evaluations.ts";
import type { Host } from "../host/host.ts";
import type { Plan } from "../plan/plan.ts";
import { diagnosticsText } from "../report/diagnostic-text.ts";
import { jsonText } from "../report/json.ts";
import { activeVersionsOf, narrowStatus, type Status } from "../report/status.ts";
import { statusDocument } from "../report/status-document.ts";
import { statusText } from "../report/status-text.ts";
import { unknownModule } from "./check-filter.ts";
import type { Answer, Invocation } from "./command.ts";
import { exitCodeOfProblems, exitCodes } from "./exit-codes.ts";
import { hostFacts } from "./host-facts.ts";
import { hasNoDocuments } from "./no-documents.ts";
import { filterOf, onHost, stoppedAnswer } from "./on-host.ts";
import { archivesOf, type OpenedHost } from "./open-host.ts";
import { signingAdvice } from "./signing-advice.ts";
import { toolBuild, toolVersion } from "./tool-version.ts";
import { usageAnswer } from "./usage-answer.ts";

/** Shows what is where. Broken documents do not hide what is there: they are reported, and exit with 65. */
export function status(invocation: Invocation): Promise<Answer> {
  return onHost(invocation, (opened) => statusOn(opened, invocation));
}

async function statusOn(opened: OpenedHost, invocation: Invocation): Promise<Answer> {
  const { host, settings } = opened;
  const { options, io } = invocation;
  const loaded = await loadOptional(host, invocation);
  const look = await lookAt(opened, invocation, loaded?.desired);
  if (host.signal.aborted) return stoppedAnswer(host.signal);
  const known = [...(loaded?.desired?.modules ?? []), ...look.actual.modules.map(({ id }) => id)];
  const unknown = unknownModule(options.modules, known);
  if (unknown) return usageAnswer(unknown);
  const diagnostics = [...(loaded?.diagnostics ?? []), ...(look.plan?.diagnostics ?? [])];
  const invalid = exitCodeOfProblems(diagnostics) === exitCodes.invalid.code;
  const exitCode = invalid ? exitCodes.invalid.code : exitCodes.ok.code;
  const advice = await signingAdvice(host, look.actual, settings.signing);
  const whole: Status = {
    ...look,
    activeVersions: activeVersionsOf(look.actual),
    loaded: await compareLoaded(host, look.actual),
    advice,
    desired: loaded?.desired,
    diagnostics,
    host: hostFacts(host),
  };
  const shown = narrowStatus(whole, filterOf(invocation));
  if (options.json) {
    const facts = { toolVersion, createdAt: host.clock(), paths: host.paths };
    return { exitCode, out: jsonText(statusDocument(shown, facts)) };
  }
  const { quiet, verbosity } = options;
  const out = statusText(shown, io.out.terminal, { quiet, verbose: verbosity > 0, dkmsTree: host.paths.dkmsTree });
  return { exitCode, out, err: diagnosticsText(diagnostics, io.err.terminal) };
}

/** Nothing at the default place is no error here: status needs no documents. */
async function loadOptional(host: Host, { options }: Invocation): Promise<LoadedDesired | undefined> {
  if (hasNoDocuments(host, options)) return undefined;
  const { loadFor } = await import("./documents.ts");
  return loadFor(host, options);
}

interface Look {
  readonly actual: ActualState;
  readonly plan: Plan | undefined;
}

async function lookAt(opened: OpenedHost, invocation: Invocation, desired: DesiredState | undefined): Promise<Look> {
  const { host } = opened;
  if (desired)
    return compare(host, desired, {
      filter: filterOf(invocation),
      archives: archivesOf(opened, invocation.options),
      signing: opened.settings.signing,
    });
  const { scanActual } = await import("../actual-state/scan-actual.ts");
  const request = { sources: [], prospects: () => [], evaluations: openEvaluations(host, toolBuild) };
  return { actual: await scanActual(openDigests(host).host, request), plan: undefined };
}
