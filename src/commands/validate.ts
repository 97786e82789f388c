import type { Host } from "../host/host.ts";
import { validationJson, validationText } from "../report/validation.ts";
import type { Answer, Invocation } from "./command.ts";
import { loadFor } from "./documents.ts";
import { exitCodes } from "./exit-codes.ts";
import { onHost } from "./on-host.ts";
import { toolVersion } from "./tool-version.ts";

/** Checks the documents, every problem at once. The problems are the result, so they go to stdout. */
export function validate(invocation: Invocation): Promise<Answer> {
  return onHost(invocation, ({ host }) => validateOn(host, invocation));
}

function validateOn(host: Host, { options, io }: Invocation): Answer {
  const loaded = loadFor(host, options);
  const exitCode = loaded.desired ? exitCodes.ok.code : exitCodes.invalid.code;
  if (options.json) return { exitCode, out: validationJson(loaded, toolVersion) };
  if (options.quiet && loaded.diagnostics.length === 0) return { exitCode };
  return { exitCode, out: validationText(loaded, io.out.terminal) };
}
