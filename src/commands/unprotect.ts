import { openCommandJournal } from "../apply/journal.ts";
import { withLock } from "../apply/lock.ts";
import { orWarn } from "../apply/or-warn.ts";
import type { CommandFacts } from "../apply/run-facts.ts";
import { didYouMean } from "../dkms/did-you-mean.ts";
import { type Result, succeed } from "../dkms/failure.ts";
import { type ModuleKey, parseModuleKey } from "../dkms/id.ts";
import { ioFailure } from "../dkms/io-failure.ts";
import { readProtected, unprotectModule } from "../dkms/protections.ts";
import { findCaller } from "../host/caller.ts";
import type { Host } from "../host/host.ts";
import { diagnosticsText } from "../report/diagnostic-text.ts";
import { jsonText } from "../report/json.ts";
import { unprotectDocument } from "../report/unprotect-document.ts";
import type { Answer, Invocation } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { failedAnswer } from "./failed-answer.ts";
import type { Io } from "./io.ts";
import { failureRefusal, noteRefusal } from "./note-refusal.ts";
import { onHost } from "./on-host.ts";
import { toolVersion } from "./tool-version.ts";
import { usageAnswer } from "./usage-answer.ts";

/** Lifts the protection of a module, of one version or of all. Says what it lifted. */
export function unprotect(invocation: Invocation): Promise<Answer> {
  const { options, argument = "", io } = invocation;
  return onHost(invocation, async ({ host, settings }) => {
    const lockTimeoutMs = options.lockTimeoutMs ?? settings.lockTimeoutMs;
    const facts = { caller: findCaller(), command: "unprotect", toolVersion };
    const lifted = await withLock(host, { lockTimeoutMs, emit: () => {}, doing: "unprotect" }, async () =>
      liftNoted(host, { wanted: argument, facts, io }),
    );
    if (!lifted.ok) {
      noteRefusal(host, facts, failureRefusal(lifted.error));
      return failedAnswer(lifted.error, io);
    }
    const { gone, left } = lifted.value;
    if (gone.length === 0) return notProtected(argument, left);
    const exitCode = exitCodes.ok.code;
    if (options.json) return { exitCode, out: jsonText(unprotectDocument({ lifted: gone, left }, toolVersion)) };
    const told = `${gone.join(", ")}: not protected any more. A document that still says "protect: true" protects it again.\n`;
    return options.quiet ? { exitCode } : { exitCode, out: told };
  });
}

interface Lifted {
  readonly gone: readonly ModuleKey[];
  readonly left: readonly ModuleKey[];
}

interface NotedLift {
  readonly wanted: string;
  readonly facts: CommandFacts;
  readonly io: Io;
}

/** What was lifted is in the history, unless the journal cannot be written to: it is lifted nevertheless. */
function liftNoted(host: Host, { wanted, facts, io: { err } }: NotedLift): Result<Lifted> {
  const startedAt = host.clock();
  const lifted = lift(host, wanted);
  if (!lifted.ok || lifted.value.gone.length === 0) return lifted;
  const steps = lifted.value.gone.map((key) => {
    return { id: `unprotect:${key}`, startedAt, result: "done" as const, durationMs: 0 };
  });
  orWarn(
    (event) => {
      if (event.type === "diagnostic") err.write(diagnosticsText([event.diagnostic], err.terminal));
    },
    "note in the journal what was done",
    () => openCommandJournal(host, facts).end(steps),
  );
  return lifted;
}

function lift(host: Host, wanted: string): Result<Lifted> {
  try {
    const keys = [...readProtected(host)];
    const isMeant = (key: ModuleKey) => key === wanted || key.startsWith(`${wanted}/`);
    const gone = keys.filter(isMeant);
    for (const module of gone.flatMap((key) => parseModuleKey(key) ?? [])) unprotectModule(host, module);
    return succeed({ gone, left: keys.filter((key) => !isMeant(key)) });
  } catch (error) {
    return ioFailure(error, `lift the protection of ${wanted}`);
  }
}

/** A typing error must not look like a protection that was lifted. */
function notProtected(wanted: string, protectedOnes: readonly ModuleKey[]): Answer {
  const known = protectedOnes.length === 0 ? "No module is." : `Protected are: ${protectedOnes.join(", ")}.`;
  const hint = didYouMean(wanted, protectedOnes) ?? known;
  return usageAnswer({ message: `"${wanted}" is not protected.`, hint });
}
