import * as z from "zod/mini";
import { durationPattern, parseDuration, parseWait, waitPattern } from "./duration.ts";
import { scheduleFault } from "./schedule-fault.ts";
import { errorOf, text, yesOrNo } from "./text-field.ts";
import { timeZoneFault } from "./time-zone.ts";

/** The settings of `dkms-agent daemon`: their shape, and the rules that concern one value alone. */
export const daemonSchema = z
  .strictObject({
    schedule: z.optional(
      text((value) => (value === "never" ? undefined : scheduleFault(value)), {
        description:
          "When the daemon looks at everything, as cron says it (minute, hour, day of the month, month, day of the week), or never. Default: 17 */4 * * *.",
        examples: ["17 */4 * * *", "30 2 * * mon-fri", "@daily", "never"],
        default: "17 */4 * * *",
      }),
    ),
    timezone: z.optional(
      text(timeZoneFault, {
        description: "Where the times of the schedule are meant. Default: the host's own time zone.",
        examples: ["Europe/Berlin", "UTC"],
      }),
    ),
    jitter: z.optional(
      text(errorOf(parseWait), {
        description:
          "Within how long after each time of the schedule a host begins: always the same on one host, different ones on different hosts. Default: 5m.",
        examples: ["30m", "0"],
        pattern: waitPattern,
        default: "5m",
      }),
    ),
    watch: z.optional(
      yesOrNo(
        "Whether a run begins also when a kernel, its headers, the documents, their archives or these settings change.",
        { usual: true },
      ),
    ),
    debounce: z.optional(
      text(errorOf(parseDuration), {
        description:
          "How long nothing may have changed before such a run begins: packages are unpacked file by file. Default: 30s.",
        examples: ["1m"],
        pattern: durationPattern,
        default: "30s",
      }),
    ),
  })
  .check(z.meta({ description: "How dkms-agent daemon works; every key may be left out." }));
