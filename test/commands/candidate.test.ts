import { suite } from "uvu";
import * as assert from "uvu/assert";
import { candidateOf } from "../../src/commands/candidate.ts";
import { parseSharedOptions } from "../../src/commands/shared-options.ts";

const candidate = suite("candidateOf");

function read(desired: readonly string[], own: Readonly<Record<string, string>>) {
  const options = parseSharedOptions({ desired });
  if (!options.ok) throw new Error(options.error.message);
  return candidateOf({ options: options.value, own });
}

function placeOf(desired: readonly string[], own: Readonly<Record<string, string>>): string | undefined {
  const answer = read(desired, own);
  return answer.ok ? answer.value?.place : undefined;
}

candidate("stands where it is said to, or under its own name in the first directory", () => {
  assert.equal(read(["/d"], {}), { ok: true, value: undefined });
  assert.equal(read(["/d"], { candidate: "/new/a.yaml" }), {
    ok: true,
    value: { file: "/new/a.yaml", place: "/d/a.yaml" },
  });
  assert.is(placeOf(["/d"], { candidate: "/new", inPlaceOf: "/d/x/../a.yaml" }), "/d/a.yaml");
  assert.is(placeOf(["/d", "/e"], { candidate: "/new", inPlaceOf: "/e/a.yaml" }), "/e/a.yaml");
  assert.is(placeOf(["/d/a.txt"], { candidate: "/new", inPlaceOf: "/d/a.txt" }), "/d/a.txt");
  assert.is(placeOf([], { candidate: "/a.yaml" }), "/etc/dkms-agent/desired-state/a.yaml");
});

candidate("where nobody would read it, it is a typing error", () => {
  for (const [inPlaceOf, expected] of [
    ["/e/a.yaml", "/e/a.yaml would be none of the documents of /d"],
    ["/d/x/a.yaml", "none of the documents"],
    ["/d/a.yml", "only names that end in .yaml"],
    ["/d/.a.yaml", "begin with no dot"],
  ] as const) {
    const answer = read(["/d"], { candidate: "/new", inPlaceOf });
    assert.not.ok(answer.ok);
    if (!answer.ok) assert.match(answer.error.message, expected);
  }
  const alone = read(["/d"], { inPlaceOf: "/d/a.yaml" });
  assert.match(alone.ok ? "" : alone.error.message, "--in-place-of is given without --candidate");
});

candidate.run();
