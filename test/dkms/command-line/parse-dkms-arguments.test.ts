import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { DkmsCall, SourceKind } from "../../../src/dkms/command-line/dkms-call.ts";
import { parseDkmsArguments } from "../../../src/dkms/command-line/parse-dkms-arguments.ts";
import type { Failure } from "../../../src/dkms/failure.ts";

const files: Readonly<Record<string, SourceKind>> = {
  "./source": "directory",
  "./other/dkms.conf": "conf",
  "x.tar.gz": "archive",
  "x.rpm": "rpm",
};
const read = (line: string) => parseDkmsArguments(line.split(" "), (word) => files[word]);

function parse(line: string): DkmsCall {
  const parsed = read(line);
  if (!parsed.ok) throw new Error(parsed.error.message);
  if (parsed.value.kind !== "call") throw new Error(`asks for ${parsed.value.kind}`);
  return parsed.value.call;
}

function refusal(line: string): Failure {
  const parsed = read(line);
  if (parsed.ok) throw new Error(`understood: ${line}`);
  return parsed.error;
}

const args = suite("parseDkmsArguments");

args("all ways to name a module", () => {
  const ways = [
    ...["-m aa/1", "-m aa -v 1", "--module aa/1", "--module=aa/1", "aa/1", "-v 1 aa", "-v 2 aa/1"],
    ...["-m bb/2 -m aa/1", "bb/2 -m aa/1", "aa/2 -v 1", "aa --module-version 1"],
  ];
  for (const way of ways) {
    const { name, version } = parse(`build ${way}`);
    assert.equal([name, version], ["aa", "1"], way);
  }
  assert.is(parse("build aa/").version, undefined);
  assert.is(parse("build aa/1 -v ").version, undefined);
  assert.is(parse("aa/1 build").verb, "build");
});

args("kernels and architectures", () => {
  const kernels = (line: string) => parse(`build ${line}`).kernels;
  assert.equal(kernels("-k 6.1"), [{ release: "6.1", arch: undefined }]);
  assert.equal(kernels("--kernelver=6.1/x86_64"), [{ release: "6.1", arch: "x86_64" }]);
  assert.equal(kernels("-a x86_64"), [{ release: undefined, arch: "x86_64" }]);
  assert.equal(kernels("-k 6.1/x86_64 -k 6.2"), [
    { release: "6.1", arch: "x86_64" },
    { release: "6.2", arch: "x86_64" },
  ]);
  assert.equal(kernels("-k 6.1 -k 6.2 -a x86_64 -a i686"), [
    { release: "6.1", arch: "x86_64" },
    { release: "6.2", arch: "i686" },
  ]);
  assert.equal(kernels("aa/1"), []);
});

args("a source counts only by what it is: an archive before a directory, of several the last", () => {
  assert.equal(parse("add ./source").source, { kind: "directory", path: "./source" });
  assert.equal(parse("add ./source ./other/dkms.conf").source, { kind: "conf", path: "./other/dkms.conf" });
  assert.equal(parse("add x.tar.gz ./source").source, { kind: "archive", path: "x.tar.gz" });
  assert.equal(parse("install x.rpm").source, { kind: "rpm", path: "x.rpm" });
  assert.equal(parse("ldtarball --archive=y.tar").source, { kind: "archive", path: "y.tar" });
  assert.is(parse("add aa/1").source, undefined);
});

args("every other option", () => {
  const { options } = parse(
    "install --force --force-version-override --no-depmod --modprobe-on-install --symlink-modules --rpm_safe_upgrade " +
      "--verbose -q -j 3 --directive A=b=c --directive=D= --templatekernel=t -c f --config g --kernelsourcedir h " +
      "--dkmstree a --sourcetree=b --installtree c --root d --lock-timeout 5s",
  );
  assert.equal(options, {
    ...{ all: false, force: true, forceVersionOverride: true, binariesOnly: false, sourceOnly: false },
    ...{
      noDepmod: true,
      modprobeOnInstall: true,
      symlinkModules: true,
      rpmSafeUpgrade: true,
      verbose: true,
      quiet: true,
    },
    ...{ jobs: 3, directives: { A: "b=c", D: "" }, templateKernel: "t", confFile: "f", kernelConfig: "g" },
    ...{ archive: undefined, kernelSourceDirectory: "h", lockTimeout: "5s" },
    trees: { dkmsTree: "a", sourceTree: "b", installTree: "c", root: "d" },
  });
  assert.is(parse("build -j 8").options.jobs, 8);
  assert.is(parse("remove --all").options.all, true);
});

args("what means nothing is told, not refused", () => {
  assert.equal(parse("install --no-initrd").notices, ["--no-initrd does nothing any more."]);
  assert.match(parse("status aa bb").notices[0] ?? "", '"bb"');
  assert.match(parse("build --directive A").notices[0] ?? "", "NAME=value");
});

args("an option takes the next word, whatever it is", () => {
  assert.is(parse("status -m -k").name, "-k");
  assert.is(parse("status -m").name, undefined);
  assert.equal(parse("status -k -q").kernels, [{ release: "-q", arch: undefined }]);
});

args("--help and --version count where they stand", () => {
  assert.equal(read("--help --bogus"), { ok: true, value: { kind: "help" } });
  assert.equal(read("add -V build"), { ok: true, value: { kind: "version" } });
  assert.is(refusal("--bogus --help").dkmsExit, 2);
  assert.is(refusal("add build --version").dkmsExit, 4);
});

args("dell/dkms's exit codes for what cannot be meant, and which wins", () => {
  const codes: Readonly<Record<string, number>> = {
    "status --bogus": 2,
    "status -maa": 2,
    "status --force=1": 2,
    "add build --bogus": 4,
    "--all -k 1 --binaries-only --source-only": 8,
    "build --all -k 1 -a x": 2,
    "build --all -a x": 3,
    "status -a x -a y": 1,
    "status --all -a x -a y": 1,
    "status --all -k 1 -a x -a y": 1,
    "status --all -k 1 -k 2 -a x -a y": 2,
    "status -k 1/x -a y": 1,
    "build --all": 5,
    kernel_prerm: 4,
    "kernel_prerm -k 1 -k ": 4,
    "autoinstall -k 1 -k ": 16,
    "autoinstall -k 1 -k 2": 4,
    "build -k ": 16,
    "build -k 1/": 16,
    "-k ": 16,
    "build -j x": 2,
    "": 2,
  };
  for (const [line, code] of Object.entries(codes)) assert.is(refusal(line).dkmsExit, code, line);
  assert.is(parse("status -k ").verb, "status");
});

args("typing errors get a hint", () => {
  assert.is(refusal("status --dkmstre=/x").remedy, "Did you mean --dkmstree?");
  assert.is(refusal("instal aa/1").remedy, 'Did you mean "install"?');
});

args.run();
