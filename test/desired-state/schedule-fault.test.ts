import fc from "fast-check";
import { validate } from "node-cron";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { scheduleFault } from "../../src/desired-state/schedule-fault.ts";

const schedule = suite("scheduleFault");

const good = [
  "17 */4 * * *",
  "0 0 * * 7",
  "0,30 8-18/2 * jan-mar,12 *",
  "5 4 * * sun",
  "5 4 * * Mon-Fri",
  "0 0 29 2 *",
  "0 0 31 1,2 *",
  "0\t0 1 * *",
  "@daily",
];

schedule("takes what cron takes", () => {
  for (const text of good) assert.is(scheduleFault(text), undefined, text);
});

for (const [text, hint] of [
  ["", /five fields/],
  ["* * * *", /five fields/],
  ["0 0 0 * * *", /five fields/],
  ["60 * * * *", /minute cannot be "60": write 0 to 59/],
  ["* 24 * * *", /hour cannot be "24"/],
  ["* * 0 * *", /day of the month cannot be "0"/],
  ["* * * foo *", /month cannot be "foo": write 1 to 12, jan to dec/],
  ["* * * * 8", /day of the week cannot be "8"/],
  ["* 5-1 * * *", /hour cannot be "5-1"/],
  ["*/0 * * * *", /minute cannot be/],
  ["5/10 * * * *", /minute cannot be/],
  ["1, * * * *", /minute cannot be ""/],
  ["* * L * *", /day of the month cannot be "L"/],
  ["0 0 1 * mon", /or the day of the week, and \* for the other/],
  ["0 0 31 2,4 *", /no such day/],
  ["@dayly", /@daily/],
  ["@reboot", undefined],
] as const) {
  schedule(`refuses ${text === "" ? "nothing at all" : text}`, () => {
    const fault = scheduleFault(text);
    assert.ok(fault);
    if (hint) assert.match(fault.hint ?? "", hint);
  });
}

/** Texts that are mostly fields with numbers of that range, or nearly. */
function field(least: number, most: number): fc.Arbitrary<string> {
  const number = fc.integer({ min: least, max: most + (most > 20 ? 1 : 0) });
  const range = fc.tuple(number, number).map(([one, other]) => `${Math.min(one, other)}-${Math.max(one, other)}`);
  const stepped = fc.tuple(fc.oneof(fc.constant("*"), range), fc.nat(most)).map(([whole, step]) => `${whole}/${step}`);
  const item = fc.oneof(number.map(String), range, stepped, fc.constantFrom("mon", "jan-jun", "x"));
  const several = fc.array(item, { minLength: 1, maxLength: 2 }).map((items) => items.join(","));
  return fc.oneof({ weight: 2, arbitrary: fc.constant("*") }, { weight: 1, arbitrary: several });
}

schedule("takes nothing that node-cron, which computes the times, refuses", () => {
  let taken = 0;
  fc.assert(
    fc.property(fc.tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 7)), (fields) => {
      const text = fields.join(" ");
      if (scheduleFault(text)) return;
      taken += 1;
      assert.ok(validate(text), text);
    }),
    { numRuns: 2000 },
  );
  assert.ok(taken > 200, String(taken));
});

schedule.run();
