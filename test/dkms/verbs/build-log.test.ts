import { suite } from "uvu";
import * as assert from "uvu/assert";
import { tellingLines } from "../../../src/dkms/verbs/build-log.ts";

const telling = suite("tellingLines");
const noise = (count: number) => Array.from({ length: count }, (_, at) => `noise ${at}`);

telling("shows the last lines of a log without errors", () => {
  assert.equal(tellingLines(noise(40).join("\n")), noise(40).slice(-15));
  assert.equal(tellingLines("one\ntwo\n"), ["one", "two"]);
});

telling("begins three lines before the first error of the compiler", () => {
  const lines = [...noise(30), "a.c:1:2: error: missing", ...noise(30), "make: *** [all] Error 1"];
  const shown = tellingLines(lines.join("\n"));
  assert.is(shown.length, 15);
  assert.equal(shown.slice(2, 5), ["noise 29", "a.c:1:2: error: missing", "noise 0"]);
});

telling("takes make's own complaint where no compiler complained", () => {
  const lines = ["make: *** No rule to make target 'x'. Stop.", ...noise(30)];
  assert.is(tellingLines(lines.join("\n"))[0], lines[0]);
});

telling("fills up from the end when the error comes late", () => {
  const lines = [...noise(30), "a.c:1:2: error: missing"];
  assert.equal(tellingLines(lines.join("\n")), lines.slice(-15));
});

telling.run();
