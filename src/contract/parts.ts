import * as z from "zod/mini";
import { count, field, list, shared, text, textOrNull } from "./field.ts";

/** What every document begins with. */
export const headFields = {
  format_version: field(
    z.string().check(z.regex(/^1\.\d+$/)),
    "of this format: minor versions add fields, readers ignore fields that they do not know and refuse another major",
  ),
  tool_version: text("of dkms-agent"),
};

export const addressField = text(
  "what it is about: NAME/VERSION@RELEASE/ARCH, or NAME/VERSION for a module as a whole, RELEASE/ARCH for a kernel, NAME for all versions",
);

export const codeField = field(
  z.string().check(z.regex(/^[EW]_[A-Z0-9_]+$/)),
  "stable; the README has all of them with their remedies. E_: an error, W_: a warning",
);

export const levelSchema = shared(
  "Level",
  z.enum(["absent", "added", "built", "installed"]),
  "how far a module has come for a kernel",
);

export const diagnosticSchema = shared(
  "Diagnostic",
  z.object({
    severity: field(z.enum(["error", "warning"]), "an error keeps anything from being done"),
    code: codeField,
    message: text("one sentence"),
    file: textOrNull("the file or directory that it is about"),
    range: field(
      z.nullable(z.object({ line: z.int(), column: z.int(), end_line: z.int(), end_column: z.int() })),
      "where in the file: lines and columns count from 1, columns in characters, the end is exclusive",
    ),
    snippet: field(
      z.nullable(z.object({ text: z.string(), caret_column: z.int(), caret_length: z.int() })),
      "the line as it stands, and what of it to underline",
    ),
    hint: textOrNull("what to do"),
  }),
  "a problem of a document or of the run",
);

const sourceSchema = shared(
  "Source",
  z.nullable(z.object({ file: z.string(), line: z.int(), column: z.int() })),
  "where the documents ask for it; null for what no document lists",
);

export const reasonSchema = shared(
  "Reason",
  z.object({
    code: field(z.string().check(z.regex(/^[a-z-]+$/)), "stable"),
    text: text("one sentence without its full stop"),
  }),
  "why something is done",
);

export const stepKindSchema = shared(
  "StepKind",
  z.enum([
    "add",
    "sweep",
    "repair",
    "load-tarball",
    "build",
    "install",
    "uninstall",
    "unbuild",
    "remove",
    "depmod",
    "initramfs",
  ]),
  "what a step does",
);

export const changeSchema = shared(
  "Change",
  z.object({
    address: addressField,
    actions: list(stepKindSchema, "what happens to it, in order"),
    reason: reasonSchema,
    drift: field(
      z.enum(["intentional", "corrective", "first_seen"]),
      "how it came about: the documents changed; the host drifted; it was never brought there",
    ),
    before: levelSchema,
    after: levelSchema,
    source: sourceSchema,
    step_ids: list(z.string(), "the steps that make the change"),
  }),
  "what happens to one instance, or to one module as a whole",
);

export const blockedSchema = shared(
  "Blocked",
  z.object({
    address: addressField,
    reason: field(z.string().check(z.regex(/^[a-z-]+$/)), "stable"),
    code: codeField,
    text: text("one sentence without its full stop"),
    remedy: text("what to do"),
    source: sourceSchema,
  }),
  "wanted, and not reachable now",
);

export const notApplicableSchema = shared(
  "NotApplicable",
  z.object({ address: addressField, text: text("one sentence without its full stop"), source: sourceSchema }),
  "wanted, and excluded by the module's own dkms.conf: never an error",
);

export const summarySchema = shared(
  "Summary",
  z.object({
    install: count("to install"),
    rebuild: count("to build again"),
    build: count("to build"),
    uninstall: count("to uninstall"),
    remove: count("to remove"),
    other: count("other changes"),
    blocked: count("wanted, and not reachable now"),
    not_applicable: count("excluded by dkms.conf"),
    unchanged: count("wanted, and as they should be"),
  }),
  "counted in instances, and in whole modules where a change is about one",
);

export const hostSchema = shared(
  "Host",
  z.object({
    machine_id: textOrNull("as /etc/machine-id says it; null if there is none"),
    arch: text("as uname -m says it, or as the package of the kernel does where rpm has brought it"),
    running_kernel: textOrNull("null below another root, where no kernel runs"),
  }),
  "the machine",
);

export const desiredSchema = shared(
  "Desired",
  z.object({
    paths: list(z.string(), "where they were looked for: as each --desired names it, absolute"),
    files: list(z.object({ path: z.string(), sha256: z.string() }), "in the order in which they are merged"),
    sha256: text("over all of them"),
  }),
  "the documents that were read",
);

const treesSchema = field(
  z.object({ dkms: z.string(), source: z.string(), install: z.string() }),
  "where the trees are",
);

/** Whose trees a document is about. */
export const placeFields = { host: hostSchema, trees: treesSchema };

/** What a plan comes to. */
export const planFields = {
  changes: list(changeSchema, "what differs, and apply makes so"),
  blocked: list(blockedSchema, "what is wanted and cannot be reached now"),
  not_applicable: list(notApplicableSchema, "what dkms.conf excludes"),
  summary: summarySchema,
};

export type DiagnosticDocument = z.infer<typeof diagnosticSchema>;
export type SourceDocument = z.infer<typeof sourceSchema>;
export type ChangeDocument = z.infer<typeof changeSchema>;
export type BlockedDocument = z.infer<typeof blockedSchema>;
export type NotApplicableDocument = z.infer<typeof notApplicableSchema>;
export type SummaryDocument = z.infer<typeof summarySchema>;
export type HostDocument = z.infer<typeof hostSchema>;
export type DesiredDocument = z.infer<typeof desiredSchema>;
