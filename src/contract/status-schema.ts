import * as z from "zod/mini";
import { field, flag, list, text, textOrNull, time } from "./field.ts";
import { addressField, desiredSchema, diagnosticSchema, headFields, placeFields, planFields } from "./parts.ts";

const objectSchema = z.object({
  file: text("below module/"),
  sha256: text("of the built object"),
  installed: field(z.nullable(z.object({ path: z.string(), sha256: z.string() })), "null while not installed"),
});

const instanceSchema = z.object({
  address: addressField,
  kernel: z.object({ release: z.string(), arch: z.string() }),
  level: z.enum(["built", "installed"]),
  active_version: textOrNull("the version of this module that is installed for the kernel"),
  loaded: field(
    z.nullable(z.enum(["no", "current", "other", "unknown"])),
    "into the running kernel: current, the objects that are here; other, another build or version; unknown, neither srcversion nor build-id tells; null for other kernels",
  ),
  objects: list(objectSchema, "what was built"),
  build: field(
    z.nullable(z.object({ built_at: z.string(), duration_ms: z.number() })),
    "null for what dell/dkms has built",
  ),
  problems: list(
    z.object({ kind: z.string(), message: z.string(), path: z.string() }),
    "what is wrong with the instance",
  ),
  originals_saved: flag("objects that DKMS replaced are kept in original_module"),
});

/** What `status --json` prints. */
export const statusSchema = field(
  z.object({
    ...headFields,
    created_at: time("when it was read"),
    ...placeFields,
    desired: z.nullable(desiredSchema),
    kernels: list(
      z.object({
        release: z.string(),
        arch: z.string(),
        running: z.boolean(),
        directory: text("in the install tree"),
        headers: textOrNull("the directory; null if there are none"),
        has_modules_dep: z.boolean(),
        compression: text("of its own kernel objects"),
      }),
      "in the install tree",
    ),
    modules: list(
      z.object({
        name: z.string(),
        version: z.string(),
        link: field(z.enum(["linked", "dangling", "missing"]), "its source link"),
        listed: field(z.nullable(z.boolean()), "by a document; null without documents"),
        leftovers: list(z.string(), "what a killed run left of this version: paths"),
        instances: list(instanceSchema, "one for each kernel that it is built for"),
      }),
      "in the DKMS tree",
    ),
    strays: list(
      z.object({ name: z.string(), paths: z.readonly(z.array(z.string())) }),
      "what killed runs left of packages",
    ),
    depmod_owed: list(
      z.object({ release: z.string(), arch: z.string() }),
      "kernels whose objects a killed run has changed; apply runs depmod",
    ),
    plan: field(z.nullable(z.object(planFields)), "null without documents"),
    findings: list(z.object({ code: z.string(), path: z.string(), message: z.string() }), "what could not be read"),
    complete: flag("nothing was unreadable"),
    diagnostics: list(diagnosticSchema, "of the documents"),
    advice: list(z.string(), "what is left to the administrator; one sentence each"),
  }),
  "dkms-agent status: what is where",
);

export type StatusDocument = z.infer<typeof statusSchema>;
