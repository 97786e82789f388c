import { classifyWord } from "../dkms/command-line/classify-word.ts";
import type { DkmsCall } from "../dkms/command-line/dkms-call.ts";
import { parseDkmsArguments } from "../dkms/command-line/parse-dkms-arguments.ts";
import { localFiles } from "../host/local-files.ts";
import { optimizeLate } from "../host/optimize-late.ts";
import { courseText, noProgressLine } from "../report/course-text.ts";
import type { Answer } from "./command.ts";
import { failureAnswer } from "./dkms/failure-answer.ts";
import { openSession, type Session } from "./dkms/session.ts";
import { statusOutput } from "./dkms/status.ts";
import { compatibleVersion, usage } from "./dkms/usage.ts";
import type { Io } from "./io.ts";
import { stoppedAnswer } from "./on-host.ts";

export interface DkmsInvocation {
  readonly io: Io;
  /** Aborted when the program has been asked to stop. */
  readonly signal: AbortSignal;
}

/** `dkms VERB ...`: the arguments, the output of status and the exit codes of dell/dkms. */
export async function dkms(args: readonly string[], { io, signal }: DkmsInvocation): Promise<Answer> {
  const parsed = parseDkmsArguments(args, (word) => classifyWord(localFiles, ".", word));
  if (!parsed.ok) return failureAnswer(parsed.error, io);
  if (parsed.value.kind !== "call")
    return { exitCode: 0, out: parsed.value.kind === "help" ? usage : `dkms-${compatibleVersion}\n` };
  const { call } = parsed.value;
  const say = speaker(call, io);
  for (const text of call.notices) say({ type: "notice", text });
  const session = await openSession({ call, signal, io, tell: say });
  if (!session.ok) return failureAnswer(session.error, io);
  if (call.verb !== "status") {
    optimizeLate();
    const { act } = await import("./dkms/act.ts");
    return act(session.value, call.verb, io);
  }
  const out = await statusOutput(session.value);
  return signal.aborted ? stoppedAnswer(signal) : { exitCode: 0, out };
}

/** What is the same for several kernels is said once. */
function speaker({ options }: DkmsCall, { out, err }: Io): Session["tell"] {
  const noted = new Set<string>();
  let isProgressShown = false;
  return (event) => {
    if (event.type === "notice" && noted.has(event.text)) return;
    if (event.type === "notice") noted.add(event.text);
    const said = courseText(event, { terminal: err.terminal, quiet: options.quiet });
    if (isProgressShown && event.type !== "progress") err.write(noProgressLine);
    isProgressShown = event.type === "progress" && said.err !== "";
    out.write(said.out);
    err.write(said.err);
  };
}
