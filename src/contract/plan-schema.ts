import * as z from "zod/mini";
import { field, list, text, time } from "./field.ts";
import {
  addressField,
  blockedSchema,
  changeSchema,
  desiredSchema,
  diagnosticSchema,
  headFields,
  hostSchema,
  notApplicableSchema,
  reasonSchema,
  stepKindSchema,
  summarySchema,
} from "./parts.ts";

/** What `plan --json` prints (design section 7). */
export const planSchema = field(
  z.object({
    ...headFields,
    plan_id: text("another one each time"),
    created_at: time("when it was made"),
    host: hostSchema,
    desired: desiredSchema,
    changes: list(changeSchema, "what differs and will be made so"),
    steps: list(
      z.object({
        id: text("KIND:ADDRESS, unique in a plan"),
        kind: stepKindSchema,
        address: addressField,
        depends_on: list(z.string(), "steps that must have succeeded before"),
        reason: reasonSchema,
      }),
      "in an order that respects depends_on",
    ),
    blocked: list(blockedSchema, "what is wanted and cannot be reached now"),
    not_applicable: list(notApplicableSchema, "what dkms.conf excludes"),
    unlisted: list(z.string(), "modules in the DKMS tree that no document lists: NAME/VERSION"),
    diagnostics: list(diagnosticSchema, "an error among them: nothing may be applied"),
    summary: summarySchema,
  }),
  "dkms-agent plan: the difference between what is wanted and what is there",
);

export type PlanDocument = z.infer<typeof planSchema>;
