import * as z from "zod/mini";
import { field, list, textOrNull } from "./field.ts";
import { headFields } from "./parts.ts";

/** What `import --json` prints. */
export const importSchema = field(
  z.object({
    ...headFields,
    file: textOrNull("where the document was written; null without --out"),
    desired: field(z.unknown(), "the document, as dkms-agent schema desired describes it; every JSON is YAML too"),
    untold: list(z.string(), "what the document does not say of the host, one sentence each"),
  }),
  "dkms-agent import: a desired state from what is there",
);

export type ImportDocument = z.infer<typeof importSchema>;
