import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type OptionValues, parseJobs, parseSharedOptions } from "../../src/commands/shared-options.ts";

function parse(values: OptionValues) {
  const parsed = parseSharedOptions(values);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

/** The message and the hint of what is refused. */
function refusal(values: OptionValues): string {
  const parsed = parseSharedOptions(values);
  return parsed.ok ? "accepted" : `${parsed.error.message} ${parsed.error.hint ?? ""}`;
}

const shared = suite("parseSharedOptions");

shared("defaults for everything", () => {
  assert.equal(parse({}), {
    desired: ["/etc/dkms-agent/desired-state"],
    desiredGiven: false,
    places: {},
    modules: [],
    kernel: undefined,
    json: false,
    color: true,
    verbosity: 0,
    quiet: false,
    lockTimeoutMs: undefined,
    allowInsecureFiles: false,
  });
});

shared("the default desired state lies below the root, a given one where it is said", () => {
  assert.equal(parse({ root: "/srv/image" }).desired, ["/srv/image/etc/dkms-agent/desired-state"]);
  assert.equal(parse({ root: "/srv/image", desired: ["here", "there"] }).desired, ["here", "there"]);
});

shared("modules with and without version", () => {
  assert.equal(parse({ module: ["ddcci", "evdi/1.14.1"] }).modules, [
    { name: "ddcci", version: undefined },
    { name: "evdi", version: "1.14.1" },
  ]);
});

shared("lock timeouts with their letters; none at all is fine", () => {
  const times = ["0", "0s", "30s", "5m", "1h30m"].map((lockTimeout) => parse({ lockTimeout }).lockTimeoutMs);
  assert.equal(times, [0, 0, 30_000, 300_000, 5_400_000]);
});

shared("what cannot be meant is refused with what is expected", () => {
  assert.match(refusal({ lockTimeout: "x" }), /--lock-timeout: "x" is not a duration\. .*90s/);
  assert.match(refusal({ lockTimeout: "30" }), /30s or 30m/);
  assert.match(refusal({ lockTimeout: "-1s" }), /is not a duration/);
  assert.match(refusal({ module: ["a/b/c"] }), /contains a slash.*For example/);
  assert.match(refusal({ module: [""] }), /is empty/);
  assert.match(refusal({ module: ["ok", "../x"] }), /"\.\.\/x" is not NAME/);
  assert.match(refusal({ kernel: "../../etc" }), /contains a slash.*uname -r/);
  assert.match(refusal({ kernel: "" }), /is empty/);
  assert.match(refusal({ root: "" }), /--root: the directory is empty/);
  assert.match(refusal({ dkmsTree: "a\0b" }), /--dkms-tree: the directory contains a NUL/);
  assert.match(refusal({ desired: ["a", ""] }), /--desired: the path is empty/);
  assert.match(refusal({ quiet: true, verbose: 1 }), /contradict/);
});
shared.run();

const jobs = suite("parseJobs");

jobs("whole numbers from 1 to 1024, or nothing", () => {
  const accepted = [undefined, "1", "16", "1024"].map((text) => {
    const parsed = parseJobs(text);
    return parsed.ok ? parsed.value : "refused";
  });
  assert.equal(accepted, [undefined, 1, 16, 1024]);
});

jobs("anything else is refused", () => {
  for (const text of ["0", "-1", "1.5", "x", "", "1025", "08", "1e3", "99999999999999999999"]) {
    assert.is(parseJobs(text).ok, false, text);
  }
});
jobs.run();
