import type { Candidate } from "../desired-state/candidate.ts";
import { readKnownDesired } from "../desired-state/known-desired.ts";
import type { LoadedDesired } from "../desired-state/load-desired.ts";
import type { Host } from "../host/host.ts";
import { diagnosticsText } from "../report/diagnostic-text.ts";
import { validationJson } from "../report/validation.ts";
import type { Answer, Invocation } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import type { SharedOptions } from "./shared-options.ts";
import { toolBuild, toolVersion } from "./tool-version.ts";

/** The documents that the options name. What it takes to check them is loaded only if they are new, or not flawless. */
export async function loadFor(host: Host, options: SharedOptions, candidate?: Candidate): Promise<LoadedDesired> {
  const { desired: places, allowInsecureFiles } = options;
  const desired = readKnownDesired(host, places, { allowInsecureFiles, candidate, toolBuild });
  if (desired) return { desired, diagnostics: [] };
  const { loadDesired } = await import("../desired-state/load-desired.ts");
  return loadDesired(host, places, { allowInsecureFiles, candidate });
}

/** The answer of a command that needs a valid desired state and has none. */
export function invalidAnswer({ options, io }: Invocation, { diagnostics, desired }: LoadedDesired): Answer {
  const exitCode = exitCodes.invalid.code;
  if (options.json) return { exitCode, out: validationJson({ diagnostics, desired }, toolVersion) };
  return { exitCode, err: diagnosticsText(diagnostics, io.err.terminal) };
}
