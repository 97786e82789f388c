import * as z from "zod/mini";
import { field, flag, list, text, textOrNull, time } from "./field.ts";
import {
  addressField,
  desiredSchema,
  diagnosticSchema,
  headFields,
  placeFields,
  planFields,
  reasonSchema,
  stepKindSchema,
} from "./parts.ts";

/** What `plan --json` prints. */
export const planSchema = field(
  z.object({
    ...headFields,
    plan_id: text("another one each time"),
    created_at: time("when it was made"),
    ...placeFields,
    desired: desiredSchema,
    filter: field(
      z.object({
        modules: list(z.string(), "NAME or NAME/VERSION; none: all of them"),
        kernel: textOrNull("RELEASE; null: all of them"),
        allow_in_use: flag("also uninstalls from the running kernel what is loaded"),
        retry: flag("also what failed before and is not due to be tried again"),
      }),
      "what the plan was narrowed to",
    ),
    observed: field(
      z.object({
        fingerprint: text("SHA-256 over what was touched"),
        touched: list(
          z.object({
            address: addressField,
            facts: field(z.record(z.string(), z.string()), "a word or two each, or a digest"),
          }),
          "what was seen of everything that the steps change, or depend on",
        ),
      }),
      "what the plan was made from: if any of it changes, the plan is stale",
    ),
    ...planFields,
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
    unlisted: list(z.string(), "modules in the DKMS tree that no document lists: NAME/VERSION"),
    diagnostics: list(diagnosticSchema, "an error among them: nothing may be applied"),
  }),
  "dkms-agent plan: the difference between what is wanted and what is there",
);

export type PlanDocument = z.infer<typeof planSchema>;
