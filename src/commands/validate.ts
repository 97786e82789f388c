import { loadDesired } from "../desired-state/load-desired.ts";
import type { Host } from "../host/host.ts";
import { validationJson, validationText } from "../report/validation.ts";
import type { Answer, Invocation } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { hostWarnings } from "./host-warnings.ts";
import { filterOf, onHost } from "./on-host.ts";
import { toolVersion } from "./tool-version.ts";

/** Checks the documents, every problem at once, and warns of what on this host is likely not meant. The problems are the result, so they go to stdout. */
export function validate(invocation: Invocation): Promise<Answer> {
  return onHost(invocation, ({ host }) => validateOn(host, invocation));
}

function validateOn(host: Host, invocation: Invocation): Answer {
  const { options, io } = invocation;
  const { desired, diagnostics } = loadDesired(host, options.desired, {
    allowInsecureFiles: options.allowInsecureFiles,
  });
  const warnings = desired ? hostWarnings(host, desired, filterOf(invocation)) : [];
  const loaded = { desired, diagnostics: [...diagnostics, ...warnings] };
  const exitCode = loaded.desired ? exitCodes.ok.code : exitCodes.invalid.code;
  if (options.json) return { exitCode, out: validationJson(loaded, toolVersion) };
  if (options.quiet && loaded.diagnostics.length === 0) return { exitCode };
  return { exitCode, out: validationText(loaded, io.out.terminal) };
}
