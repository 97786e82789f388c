import * as z from "zod/mini";
import { count, field, list, text, textOrNull, time } from "./field.ts";
import { headFields, summarySchema } from "./parts.ts";

const stepSchema = z.object({
  id: text("KIND:ADDRESS, as in the plan; of a verb of the dkms command, what was done to what"),
  reason: textOrNull("the code of its reason"),
  started_at: time("when it was begun"),
  result: textOrNull(
    "done, unchanged, failed, undone or skipped (it got no job slot); null: nobody wrote what became of it",
  ),
  code: textOrNull("of the failure"),
  message: textOrNull("of the failure, or the archive that it came from"),
  duration_ms: field(z.nullable(z.int()), "null: nobody wrote what became of it"),
});

const leftPlaceSchema = z.object({
  address: text("NAME/VERSION, or NAME/VERSION@RELEASE/ARCH"),
  reason: text("a reason code of the plan"),
});

const runSchema = z.object({
  run: text("unique in the journal"),
  ending: field(
    z.enum(["nothing", "done", "failed", "interrupted", "refused", "cut-off", "running"]),
    "what became of it; refused: it could not do anything; cut-off: it was killed, or the machine went down",
  ),
  message: text("the same in one sentence without its full stop"),
  signal: textOrNull("that asked it to stop, such as SIGTERM"),
  refusal: field(
    z.nullable(
      z.object({
        code: text("of what kept it from doing anything"),
        message: text("what that was"),
        exit_code: field(
          z.nullable(z.int()),
          "what the command ended with, --detailed-exitcode and lenient hooks aside; null: nobody wrote it",
        ),
      }),
    ),
    "null: it could do something",
  ),
  started_at: time("when it began; for a run with nothing to do, when it ended"),
  ended_at: field(z.nullable(time("when it ended")), "null: nobody wrote how it ended"),
  duration_ms: field(z.nullable(z.int()), "null: nobody wrote how it ended"),
  count: count(
    "how many runs this one stands for that did nothing, said the same, and had none between them that did something",
  ),
  since: time("when the first of those ran"),
  who: field(
    z.nullable(
      z.object({
        uid: z.int(),
        user: z.nullable(z.string()),
        login: field(
          z.nullable(z.object({ uid: z.int(), user: z.nullable(z.string()) })),
          "who had logged in and became the user; null: nobody, or nobody knows",
        ),
      }),
    ),
    "null: an earlier version did not write it",
  ),
  command: textOrNull("what was asked for: apply, or another command that changes a tree, such as dkms install"),
  engine: textOrNull("who carried out the steps of an apply: builtin or dkms"),
  tool_version: textOrNull("of dkms-agent"),
  filter: field(
    z.object({ modules: list(z.string(), "NAME or NAME/VERSION; empty: all"), kernel: textOrNull("null: all") }),
    "what it was narrowed to",
  ),
  plan_id: textOrNull("of the saved plan that it applied"),
  desired: field(z.nullable(z.object({ sha256: z.string() })), "the documents; null for a run with nothing to do"),
  planned: field(z.nullable(summarySchema), "the summary of its plan; null for a run with nothing to do"),
  steps: list(stepSchema, "in the order in which they were begun"),
  remaining: field(z.nullable(summarySchema), "the summary of a new plan after it all; null: nobody wrote it"),
  left: field(
    z.object({
      change: field(
        z.nullable(leftPlaceSchema),
        "the first change that is left to make; null: none, or nobody wrote it",
      ),
      blocked: field(z.nullable(leftPlaceSchema), "the first of what is blocked; null: none, or nobody wrote it"),
      next_try: field(
        z.nullable(time("when the first of what failed before is tried again")),
        "null: nothing waits so",
      ),
    }),
    "where something was left after it all",
  ),
});

/** What `history --json` prints. */
export const historySchema = field(
  z.object({
    ...headFields,
    runs: list(runSchema, "the latest last"),
    next: textOrNull("what the next apply will do, in a sentence or two; null without runs"),
    next_try: field(
      z.nullable(time("when an apply tries the first of what failed before again")),
      "null: nothing waits so, or not any more",
    ),
  }),
  "dkms-agent history: what earlier runs did",
);

export type HistoryDocument = z.infer<typeof historySchema>;
