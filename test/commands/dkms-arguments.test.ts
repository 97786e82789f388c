import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelsOf, parseDkmsArguments } from "../../src/commands/dkms-arguments.ts";

function parse(line: string) {
  const parsed = parseDkmsArguments(line.split(" "));
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

function exitCodeFor(line: string): number {
  const parsed = parseDkmsArguments(line.split(" "));
  return parsed.ok ? 0 : parsed.error.exitCode;
}

const args = suite("parseDkmsArguments");

args("all ways to name a module", () => {
  const ways = [
    "-m aa/1",
    "-m aa -v 1",
    "--module aa/1",
    "--module=aa/1",
    "aa/1",
    "-v 1 aa",
    "-v 2 aa/1",
    "-m bb/2 -m aa/1",
  ];
  for (const way of ways) {
    const { module, version } = parse(`status ${way}`);
    assert.equal([module, version], ["aa", "1"], way);
  }
  assert.is(parse("status aa/").version, undefined);
  assert.is(parse("aa status").module, "aa");
});

args("kernels and architectures", () => {
  assert.equal(kernelsOf(parse("status -k 6.1")), [{ release: "6.1" }]);
  assert.equal(kernelsOf(parse("status --kernelver=6.1/x86_64")), [{ release: "6.1", arch: "x86_64" }]);
  assert.equal(kernelsOf(parse("status -a x86_64")), [{ arch: "x86_64" }]);
  assert.equal(kernelsOf(parse("status -k 6.1 -k 6.2 -a x86_64")), [
    { release: "6.1", arch: "x86_64" },
    { release: "6.2", arch: "x86_64" },
  ]);
  assert.equal(kernelsOf(parse("status -k 6.1 -k 6.2 -a x86_64 -a i686")), [
    { release: "6.1", arch: "x86_64" },
    { release: "6.2", arch: "i686" },
  ]);
  assert.equal(kernelsOf(parse("status")), []);
});

args("places, also the one that dell/dkms does not know", () => {
  const { places } = parse("status --dkmstree /a --sourcetree=/b --installtree /c --root /r");
  assert.equal(places, { dkmsTree: "/a", sourceTree: "/b", installTree: "/c", root: "/r" });
});

args("options of other verbs are accepted, deprecated ones with a notice", () => {
  const { others, notices } = parse("status -j 2 --force --no-depmod --directive A=b --no-initrd");
  assert.equal(others, ["-j", "--force", "--no-depmod", "--directive"]);
  assert.equal(notices, ["--no-initrd does nothing any more."]);
});

args("a second bare word is ignored with a notice", () => {
  const { module, notices } = parse("status aa bb");
  assert.is(module, "aa");
  assert.match(notices[0] ?? "", '"bb"');
});

args("dell/dkms's exit codes for what cannot be meant", () => {
  assert.is(exitCodeFor("status --bogus"), 2);
  assert.is(exitCodeFor("status -maa"), 2);
  assert.is(exitCodeFor("status --force=1"), 2);
  assert.is(exitCodeFor("status build"), 4);
  assert.is(exitCodeFor("status -k 6.1 --all"), 2);
  assert.is(exitCodeFor("status -a x86_64 --all"), 3);
  assert.is(exitCodeFor("status -a x86_64 -a i686"), 1);
  assert.is(exitCodeFor("status -k 6.1/x86_64 -a i686"), 1);
  assert.is(exitCodeFor("status --all"), 0);
});

args("an option at the end without its value names nothing", () => {
  assert.is(parse("status -m").module, undefined);
  assert.equal(parse("status -k").kernels, []);
});
args.run();
