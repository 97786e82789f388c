import * as z from "zod/mini";
import { count, field, flag, list } from "./field.ts";
import { diagnosticSchema, headFields } from "./parts.ts";

/** What `validate --json` prints, and every command that answers with one document where it cannot. */
export const validationSchema = field(
  z.object({
    ...headFields,
    valid: flag("no diagnostic is an error"),
    error_count: count("of the diagnostics"),
    warning_count: count("of the diagnostics"),
    diagnostics: list(diagnosticSchema, "by file, line and column"),
  }),
  "dkms-agent validate: every problem at once; also the answer of any other command that could not do its work",
);

export type ValidationDocument = z.infer<typeof validationSchema>;
