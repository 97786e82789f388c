import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cronTimes } from "../../src/daemon/cron-times.ts";

const cron = suite("cronTimes");

/** As a clock in that zone shows it: `05:17`. */
function clockIn(timeZone: string, time: number): string {
  return new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit" }).format(time);
}

cron("the next time is to come, and is one of the time zone", () => {
  for (const timezone of ["Asia/Kolkata", "America/St_Johns", "UTC"]) {
    const now = Date.now();
    // Not in the hours that are left out, or come twice, when the clocks are changed.
    const next = cronTimes({ schedule: "17 5 * * *", timezone }).next(now) ?? 0;
    assert.ok(next > now && next <= now + 25 * 3_600_000, timezone);
    assert.is(clockIn(timezone, next), "05:17");
  }
});

cron("knows how far apart the times are", () => {
  const gapOf = (schedule: string) => cronTimes({ schedule, timezone: "UTC" }).gapMs;
  assert.is(gapOf("*/5 * * * *"), 5 * 60_000);
  assert.is(gapOf("0,10 * * * *"), 10 * 60_000);
  assert.is(gapOf("@daily"), 86_400_000);
});

cron("never is no time", () => {
  assert.is(cronTimes({ schedule: undefined, timezone: undefined }).next(0), undefined);
});

cron.run();
