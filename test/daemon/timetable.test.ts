import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createTimetable, jitterOf } from "../../src/daemon/timetable.ts";

const hour = 3_600_000;
/** Every full hour. */
const hourly = (now: number) => (Math.floor(now / hour) + 1) * hour;

const timetable = suite("createTimetable");

timetable("is due once at each time, the jitter later", () => {
  const table = createTimetable(hourly, 1000);
  assert.is(table.due(10), hour + 1000);
  assert.not(table.isDue(hour + 999));
  assert.ok(table.isDue(hour + 1000));
  assert.not(table.isDue(hour + 1001));
  assert.is(table.due(hour + 1001), 2 * hour + 1000);
});

timetable("what a machine slept through is made up once", () => {
  const table = createTimetable(hourly, 0);
  assert.not(table.isDue(10));
  assert.ok(table.isDue(7.5 * hour));
  assert.not(table.isDue(7.6 * hour));
  assert.ok(table.isDue(8 * hour));
});

timetable("a clock that is set back brings the earlier times with it", () => {
  const table = createTimetable(hourly, 0);
  assert.not(table.isDue(100.5 * hour));
  assert.not(table.isDue(2.5 * hour));
  assert.is(table.due(2.5 * hour), 3 * hour);
  assert.ok(table.isDue(3 * hour));
});

timetable("a clock that is set back while the jitter goes on loses no time", () => {
  const table = createTimetable(hourly, 60_000);
  assert.not(table.isDue(hour - 1));
  assert.not(table.isDue(hour + 30_000));
  assert.not(table.isDue(hour + 10_000));
  assert.ok(table.isDue(hour + 60_000));
});

timetable("nothing is ever due without a schedule", () => {
  const table = createTimetable(() => undefined, 1000);
  assert.is(table.due(0), undefined);
  assert.not(table.isDue(Number.MAX_SAFE_INTEGER));
});

timetable("however the clock goes, each time is due once, and the next one is near", () => {
  const moves = fc.array(fc.integer({ min: -3 * hour, max: 5 * hour }), { maxLength: 40 });
  fc.assert(
    fc.property(moves, fc.nat(hour - 1), (steps, jitter) => {
      const table = createTimetable(hourly, jitter);
      let now = 1000 * hour;
      table.isDue(now);
      for (const step of steps) {
        const due = table.due(now) ?? Number.NaN;
        assert.ok(due > now && due <= now + hour + jitter, "the next time is at most an hour away");
        now += step;
        assert.is(table.isDue(now), now >= due);
        assert.not(table.isDue(now), "and only once");
      }
    }),
    { numRuns: 500 },
  );
});

timetable.run();

const jitter = suite("jitterOf");

jitter("is the same for a machine each time, and spread over many", () => {
  const machines = Array.from({ length: 400 }, (_, at) => String(at));
  const all = machines.map((machine) => jitterOf(machine, 1000));
  assert.equal(
    machines.map((machine) => jitterOf(machine, 1000)),
    all,
  );
  assert.ok(all.every((ms) => ms >= 0 && ms < 1000));
  for (const quarter of [0, 250, 500, 750]) {
    const here = all.filter((ms) => ms >= quarter && ms < quarter + 250).length;
    assert.ok(here > 60 && here < 140, `${here} of 400 from ${quarter} on`);
  }
  assert.is(jitterOf("a", 0), 0);
});

jitter.run();
