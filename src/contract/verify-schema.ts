import * as z from "zod/mini";
import { count, field, flag, list, shared, text, textOrNull, time } from "./field.ts";
import { addressField, diagnosticSchema, headFields, hostSchema, levelSchema } from "./parts.ts";

const problemSchema = shared(
  "ReadinessProblem",
  z.object({
    reason: field(z.string().check(z.regex(/^[a-z-]+$/)), "stable"),
    text: text("one sentence without its full stop"),
    remedy: textOrNull("what to do; null where apply does it"),
    path: textOrNull("the file that it is about"),
  }),
  "what keeps an instance from being ready",
);

const loadedSchema = field(
  z.nullable(z.enum(["no", "current", "other", "unknown"])),
  "into the running kernel: current, the object that is installed; other, another build or version; unknown, neither srcversion nor build-id tells; null for other kernels",
);

/** What `verify --json` prints. */
export const verifySchema = field(
  z.object({
    ...headFields,
    created_at: time("when it was read"),
    host: hostSchema,
    asked: text("newest, running, or the release that was named"),
    kernel: field(
      z.nullable(
        z.object({
          release: z.string(),
          arch: z.string(),
          running: z.boolean(),
          installed: flag("it has a modules.dep or modules of its own"),
        }),
      ),
      "null if no kernel is installed, or no document asks for anything",
    ),
    ready: flag("the kernel is installed, and everything that is wanted for it is there and would be loaded"),
    message: text("the same in one sentence"),
    reboot_required: flag("it is the running kernel, and something wanted only comes with a reboot"),
    reboot_reasons: list(z.string(), "why: one sentence each, without its full stop"),
    ready_count: count("instances that are ready"),
    not_ready_count: count("instances that are not"),
    not_applicable_count: count("instances that dkms.conf excludes"),
    problems: list(problemSchema, "of the kernel as a whole: a depmod that is owed"),
    instances: list(
      z.object({
        address: addressField,
        wanted: levelSchema,
        status: z.enum(["ready", "not-ready", "not-applicable"]),
        loaded: loadedSchema,
        problems: list(problemSchema, "none if it is ready; for not-applicable, why"),
      }),
      "wanted for the kernel as if it were running",
    ),
    diagnostics: list(diagnosticSchema, "of the documents, and what could not be read"),
  }),
  "dkms-agent verify: would this host boot this kernel with every wanted module?",
);

export type VerifyDocument = z.infer<typeof verifySchema>;
