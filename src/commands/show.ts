import path from "node:path";
import type { PlanDocument } from "../contract/plan-schema.ts";
import { createHost } from "../host/create-host.ts";
import { jsonText } from "../report/json.ts";
import { planText } from "../report/plan-text.ts";
import { planOfDocument } from "../report/shown-plan.ts";
import { printable } from "../report/terminal.ts";
import type { Answer, Invocation } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { failedAnswer } from "./failed-answer.ts";
import { loadPlanFile } from "./plan-file.ts";

/** Prints a saved plan. Whether it could still be applied, apply tells. */
export async function show({ options, argument = "", io, signal }: Invocation): Promise<Answer> {
  const loaded = loadPlanFile(createHost({ signal }), path.resolve(argument));
  if (!loaded.ok) return failedAnswer(loaded.error, io);
  const { document } = loaded.value;
  if (options.json) return { exitCode: exitCodes.ok.code, out: jsonText(document) };
  const { quiet, verbosity } = options;
  const text = planText(planOfDocument(document), io.out.terminal, {
    quiet,
    verbose: verbosity > 0,
    unlisted: "ignore",
  });
  const origin = `Made at ${document.created_at} from ${document.desired.paths.map(printable).join(" and ")}${optionsText(document)}.\n`;
  return { exitCode: exitCodes.ok.code, out: quiet ? text : `${text}\n${origin}` };
}

/** What the plan was narrowed to, and what it may do that plans usually do not. */
function optionsText({ filter }: PlanDocument): string {
  const options = [
    ...filter.modules.map((module) => `--module ${printable(module)}`),
    ...(filter.kernel === null ? [] : [`--kernel ${printable(filter.kernel)}`]),
    ...(filter.retry ? ["--retry"] : []),
    ...(filter.allow_in_use ? ["--allow-in-use"] : []),
  ];
  return options.length === 0 ? "" : `, with ${options.join(" ")}`;
}
