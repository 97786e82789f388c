import * as z from "zod/mini";
import { count, field, flag, list, shared, text, textOrNull, time } from "./field.ts";
import {
  addressField,
  blockedSchema,
  changeSchema,
  codeField,
  diagnosticSchema,
  headFields,
  levelSchema,
  notApplicableSchema,
  reasonSchema,
  stepKindSchema,
  summarySchema,
} from "./parts.ts";

const lineFields = {
  "@level": field(z.enum(["info", "warn", "error"]), "how much it matters"),
  "@message": text("the same for people, one line"),
  "@timestamp": time("when it happened"),
};

const stepPlace = shared(
  "StepPlace",
  z.object({ id: z.string(), kind: stepKindSchema, address: addressField }),
  "which step it is about",
);

const durationField = count("how long it took, in milliseconds");

const failureSchema = shared(
  "Failure",
  z.object({
    code: codeField,
    message: text("what happened, to what"),
    path: textOrNull("the file or directory that it is about"),
    remedy: textOrNull("what to do now"),
    log: field(
      z.nullable(z.object({ path: z.string(), tail: z.readonly(z.array(z.string())) })),
      "the log of the program that failed, and its last lines",
    ),
  }),
  "an expected failure",
);

function event<Type extends string, Fields extends z.core.$ZodShape>(type: Type, fields: Fields) {
  return z.object({ ...lineFields, type: z.literal(type), ...fields });
}

const remainingSchema = z.object({
  changes: list(changeSchema, "still to make"),
  blocked: list(blockedSchema, "not reachable now"),
  not_applicable: list(notApplicableSchema, "excluded by dkms.conf"),
  unlisted: list(z.string(), "in the DKMS tree and in no document: NAME/VERSION"),
  summary: summarySchema,
});

const resultFields = {
  result: field(
    z.enum(["done", "unchanged", "failed", "skipped", "undone"]),
    "undone: it had succeeded, and was taken back because a later step failed",
  ),
  failure_code: z.nullable(codeField),
  duration_ms: durationField,
};

const stepResultSchema = z.object({ id: z.string(), kind: stepKindSchema, address: addressField, ...resultFields });

const changeResultSchema = z.object({
  address: addressField,
  before: levelSchema,
  after: levelSchema,
  ...resultFields,
});

/** What `apply --json` prints: one of these in each line. */
export const eventSchema = field(
  z.discriminatedUnion("type", [
    event("version", headFields),
    event("daemon", {
      state: field(z.enum(["ready", "run", "rest", "unwatched", "unheard", "stopped"]), "what the daemon does now"),
      cause: field(
        z.nullable(z.enum(["start", "schedule", "change", "reload", "retry"])),
        "why a run begins; retry: the last one found the lock taken, failed, or left something blocked",
      ),
      places: list(z.string(), "what has changed, or what the system does not watch"),
      exit_code: field(z.nullable(z.number()), "of the run that has ended, as apply would exit"),
      next_run: field(z.nullable(z.string()), "when the next run is due"),
    }),
    event("lock_wait", { holder: text("who holds the lock") }),
    event("diagnostic", { diagnostic: diagnosticSchema }),
    event("planned_change", { change: changeSchema }),
    event("change_summary", { summary: summarySchema }),
    event("step_start", { step: stepPlace, reason: reasonSchema }),
    event("step_output", { step: stepPlace, text: text("what the step has to tell") }),
    event("step_complete", {
      step: stepPlace,
      changed: flag("false if it was so already"),
      duration_ms: durationField,
    }),
    event("step_errored", { step: stepPlace, duration_ms: durationField, failure: failureSchema }),
    event("step_skipped", { step: stepPlace, because: text("why it was not started, or got no job slot") }),
    event("undo_start", { step: stepPlace }),
    event("undo_complete", { step: stepPlace, failure: field(z.nullable(failureSchema), "null if it was taken back") }),
    event("run_complete", {
      changed: flag("at least one step changed something and was not taken back"),
      interrupted: flag("asked to stop before it was through"),
      duration_ms: durationField,
      changes: list(changeResultSchema, "what became of each planned change"),
      steps: list(stepResultSchema, "in the order in which they ended"),
      remaining: field(z.nullable(remainingSchema), "what a new look says; null if that could not be told"),
      reboot_required: z.optional(flag("something wanted only comes with a reboot")),
      reboot_reasons: z.optional(list(z.string(), "why: one sentence each, without its full stop")),
    }),
  ]),
  "dkms-agent apply --json, and daemon --json: one line",
);

export type EventDocument = z.infer<typeof eventSchema>;
