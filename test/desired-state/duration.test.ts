import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseDuration } from "../../src/desired-state/duration.ts";

const duration = suite("parseDuration");

const value = (text: string) => {
  const parsed = parseDuration(text);
  return parsed.ok ? parsed.value : parsed.error.code;
};

duration("reads hours, minutes and seconds, alone and together", () => {
  assert.is(value("90s"), 90_000);
  assert.is(value("20m"), 1_200_000);
  assert.is(value("2h"), 7_200_000);
  assert.is(value("1h30m"), 5_400_000);
  assert.is(value("1h2m3s"), 3_723_000);
  assert.is(value("24h"), 86_400_000);
});

duration("adds up what it is made of", () => {
  const part = fc.integer({ min: 0, max: 59 });
  fc.assert(
    fc.property(part, part, fc.integer({ min: 1, max: 59 }), (hours, minutes, seconds) => {
      fc.pre(hours < 23);
      assert.is(value(`${hours}h${minutes}m${seconds}s`), ((hours * 60 + minutes) * 60 + seconds) * 1000);
    }),
  );
});

for (const text of ["", "20", "m", "1.5h", "-1m", "30m1h", "1h 30m", "20M", "20min", "0s", "25h", "9999999s", "1d"]) {
  duration(`refuses ${JSON.stringify(text)}`, () => {
    assert.is(value(text), "E_BAD_VALUE");
  });
}

duration("guesses the unit that a number lacks", () => {
  const parsed = parseDuration("20");
  assert.match(parsed.ok ? "" : (parsed.error.hint ?? ""), "20s or 20m");
});

duration.run();
