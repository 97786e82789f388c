import * as z from "zod/mini";
import { count, field, flag, list, text, textOrNull, time } from "./field.ts";
import {
  addressField,
  desiredSchema,
  diagnosticSchema,
  headFields,
  hostSchema,
  levelSchema,
  summarySchema,
} from "./parts.ts";

const conditionStatus = z.enum(["True", "False", "Unknown"]);

const conditionSchema = z.object({
  type: field(
    z.enum(["Ready", "Blocked", "Drifted", "Loaded"]),
    "Ready: as it is wanted, and the kernel would take it; Blocked: cannot be reached now; Drifted: the host had moved away when a run last looked; Loaded: into the running kernel, from what is installed",
  ),
  status: conditionStatus,
  reason: field(z.string().check(z.regex(/^[a-z-]+$/)), "stable"),
  message: text("one sentence without its full stop"),
  since: time("since when it has this status and reason"),
});

const instanceSchema = z.object({
  address: addressField,
  wanted: field(z.nullable(levelSchema), "null: no document asks for it"),
  level: field(levelSchema, "as it is"),
  asked: textOrNull("digest of what the documents ask for; null: nothing"),
  drift: field(
    z.nullable(z.enum(["intentional", "corrective", "first_seen"])),
    "how a change came about that the run found which last looked; null: there was none",
  ),
  blocked: textOrNull("the reason, if it cannot be reached now"),
  conditions: list(conditionSchema, "as those of Kubernetes"),
  examined_at: field(z.nullable(time("by the run that last looked at all of it")), "null: no run has"),
});

const kernelSchema = z.object({
  release: z.string(),
  arch: z.string(),
  running: z.boolean(),
  ready: field(
    conditionStatus,
    "everything that is wanted for it is there, and would be loaded; as dkms-agent verify has it",
  ),
  problems: list(z.string(), "of the kernel as a whole: a depmod that is owed"),
  not_ready: list(addressField, "what is not, or nobody knows"),
});

const countOf = (description: string) => field(z.record(z.string(), z.int()), description);

/** What `<dkms tree>/.dkms-agent/last-run.json` holds. */
export const lastRunSchema = field(
  z.object({
    ...headFields,
    status: field(
      z.enum([
        "unchanged",
        "changed",
        "blocked",
        "failed",
        "interrupted",
        "invalid",
        "locked",
        "unfit",
        "stale",
        "refused",
      ]),
      "how the run ended",
    ),
    exit_code: count("that the run ended with; without --detailed-exitcode; stopped by a signal: 128 and its number"),
    message: text("the same in one sentence"),
    changed: flag("at least one step changed something and was not taken back"),
    started_at: time("when it began"),
    ended_at: time("when it ended"),
    duration_ms: count("how long it took, waiting for the lock included"),
    command: text("what was asked for"),
    who: z.object({
      uid: z.int(),
      user: z.nullable(z.string()),
      login: field(
        z.nullable(z.object({ uid: z.int(), user: z.nullable(z.string()) })),
        "who had logged in and became the user; null: nobody, or nobody knows",
      ),
    }),
    host: hostSchema,
    filter: field(
      z.object({ modules: list(z.string(), "none: all of them"), kernel: textOrNull("null: all of them") }),
      "what the run was narrowed to; the rest of this is as an earlier run has left it",
    ),
    desired: field(z.nullable(desiredSchema), "null if they could not be read"),
    problems: list(diagnosticSchema, "what failed, and what was wrong with the documents; without the lines of those"),
    summary: field(z.nullable(summarySchema), "what the run still had to do at its end; null if it saw nothing"),
    last_success_at: field(z.nullable(time("when a run about everything last ended with 0")), "null: there was none"),
    seen_at: field(z.nullable(time("when a run last saw the host; what follows is from then")), "null: none has"),
    instances: list(
      instanceSchema,
      "all that is wanted or there; and whole modules of which there is something to say",
    ),
    kernels: list(kernelSchema, "for which something is wanted"),
    levels: countOf("instances by level"),
    drift: countOf("what the runs that last looked had found, by how it came about"),
    blocked: countOf("what is wanted and cannot be reached now, by reason"),
    reboot_required: flag("something wanted only comes with a reboot"),
    reboot_reasons: list(z.string(), "why: one sentence each, without its full stop"),
    basis: textOrNull("digest of what this was told from, for the next run; null: of a run that was narrowed"),
    digest: text("of the file's text up to here: that nobody has changed it"),
  }),
  "dkms-agent: how the last run ended, and how things stood then",
);

export type LastRunDocument = z.infer<typeof lastRunSchema>;
