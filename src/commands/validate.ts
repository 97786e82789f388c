import path from "node:path";
import { loadDesired } from "../desired-state/load-desired.ts";
import { createHost } from "../host/create-host.ts";
import type { Host } from "../host/host.ts";
import { type Validation, validationJson, validationText } from "../report/validation.ts";
import { candidateOf } from "./candidate.ts";
import type { Answer, Invocation } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { hostWarnings } from "./host-warnings.ts";
import { filterOf, onHost } from "./on-host.ts";
import { toolVersion } from "./tool-version.ts";
import { usageAnswer } from "./usage-answer.ts";

/**
 * Checks the documents, every problem at once, and warns of what on this host is likely not meant. The problems are the
 * result, so they go to stdout.
 */
export async function validate(invocation: Invocation): Promise<Answer> {
  const { own, options } = invocation;
  if (typeof own.settings === "string") {
    if (own.candidate !== undefined || own.inPlaceOf !== undefined || options.desiredGiven)
      return usageAnswer(settingsOnly);
    return validateSettings(own.settings, invocation);
  }
  return onHost(invocation, ({ host }) => validateOn(host, invocation));
}

const settingsOnly = {
  message: "--settings checks a file of settings, and no documents.",
  hint: "Check the documents by a call of its own, without --settings.",
};

/** The settings that this host has already are not looked at: they may be what is to be mended. */
async function validateSettings(named: string, { options, signal, io }: Invocation): Promise<Answer> {
  const { loadSettings } = await import("../desired-state/load-settings.ts");
  const file = path.resolve(named);
  const host = createHost({ signal });
  const { settings, diagnostics } = loadSettings(host, { ...options, file });
  return answerOf({ desired: undefined, settings: settings && file, diagnostics }, { options, io });
}

function validateOn(host: Host, invocation: Invocation): Answer {
  const { options, io } = invocation;
  const candidate = candidateOf(invocation);
  if (!candidate.ok) return usageAnswer(candidate.error);
  const { desired, diagnostics } = loadDesired(host, options.desired, {
    allowInsecureFiles: options.allowInsecureFiles,
    candidate: candidate.value,
  });
  const warnings = desired
    ? hostWarnings(host, desired, { filter: filterOf(invocation), candidate: candidate.value })
    : [];
  return answerOf({ desired, diagnostics: [...diagnostics, ...warnings] }, { options, io });
}

function answerOf(found: Validation, { options, io }: Pick<Invocation, "options" | "io">): Answer {
  const isValid = found.desired !== undefined || found.settings !== undefined;
  const exitCode = isValid ? exitCodes.ok.code : exitCodes.invalid.code;
  if (options.json) return { exitCode, out: validationJson(found, toolVersion) };
  if (options.quiet && found.diagnostics.length === 0) return { exitCode };
  return { exitCode, out: validationText(found, io.out.terminal) };
}
