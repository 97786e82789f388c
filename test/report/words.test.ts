import { suite } from "uvu";
import * as assert from "uvu/assert";
import { count, duration, lines, sentence } from "../../src/report/words.ts";

const counting = suite("count");

counting("one is one, none and two are several", () => {
  assert.is(count(0, "file"), "0 files");
  assert.is(count(1, "file"), "1 file");
  assert.is(count(2, "entry", "entries"), "2 entries");
});
counting.run();

const timing = suite("duration");

timing("as people say it", () => {
  const said = [0, 94, 95, 400, 9949, 9950, 59_499, 60_000, 185_000, 3_600_000, 3_720_000].map(duration);
  const expected = ["0 ms", "94 ms", "0.1 s", "0.4 s", "9.9 s", "10 s", "59 s"];
  assert.equal(said, [...expected, "1 min", "3 min 5 s", "1 h", "1 h 2 min"]);
});
timing.run();

const sentences = suite("sentence");

sentences("ends with one full stop, and leaves the case to whoever wrote it", () => {
  assert.is(sentence("It is not built"), "It is not built.");
  assert.is(sentence("slow 1.0 is listed already"), "slow 1.0 is listed already.");
  assert.is(sentence("make ended with 2."), "make ended with 2.");
  assert.is(sentence('Did you mean "x"?'), 'Did you mean "x"?');
  assert.is(sentence("Done."), "Done.");
});
sentences.run();

const joining = suite("lines");

joining("ends each line, and says nothing for none", () => {
  assert.is(lines(["a", "b"]), "a\nb\n");
  assert.is(lines([]), "");
});
joining.run();
