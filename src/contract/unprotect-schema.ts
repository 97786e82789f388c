import * as z from "zod/mini";
import { field, list } from "./field.ts";
import { headFields } from "./parts.ts";

/** What `unprotect --json` prints. */
export const unprotectSchema = field(
  z.object({
    ...headFields,
    lifted: list(z.string(), "NAME/VERSION of each module that was protected until now"),
    protected: list(z.string(), "NAME/VERSION of each module that still is"),
  }),
  "dkms-agent unprotect: which protections were lifted",
);

export type UnprotectDocument = z.infer<typeof unprotectSchema>;
