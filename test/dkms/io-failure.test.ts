import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ioFailure } from "../../src/dkms/io-failure.ts";

const mapping = suite("ioFailure");

function systemError(code: string, more: object = {}): Error {
  return Object.assign(new Error(`${code}: it says`), { code, syscall: "open", path: "/from", ...more });
}

for (const [system, code] of [
  ["ENOSPC", "E_NO_SPACE"],
  ["EDQUOT", "E_NO_SPACE"],
  ["EROFS", "E_READ_ONLY"],
  ["EACCES", "E_PERMISSION"],
  ["EPERM", "E_PERMISSION"],
  ["EIO", "E_IO"],
  ["EAGAIN", "E_NO_MEMORY"],
  ["ENOMEM", "E_NO_MEMORY"],
] as const)
  mapping(`makes ${code} of ${system}, with what was done and where`, () => {
    const { error } = ioFailure(systemError(system), "copy the source");
    assert.is(error.code, code);
    assert.match(error.message, /^Cannot copy the source: /);
    assert.is(error.path, "/from");
    assert.match(error.remedy ?? "", /\.$/);
  });

mapping("names the place that was written to", () => {
  assert.is(ioFailure(systemError("ENOSPC", { dest: "/to" }), "copy").error.path, "/to");
});

mapping("names the directory, which is there, in place of a file that is not, or has a hidden name", () => {
  const full = (place: string) => ioFailure(systemError("ENOSPC", { path: place }), "copy").error;
  assert.match(full("/srv/new").remedy ?? "", /file system of \/srv \(df/);
  const hidden = full("/srv/tree/.dkms-agent-demo.0123456789ab/src/a.c");
  assert.is(hidden.path, "/srv/tree");
  assert.match(hidden.message, /no space left at \/srv\/tree\.$/);
  assert.match(hidden.remedy ?? "", /file system of \/srv\/tree \(df/);
});

mapping("takes the name of a program that cannot be started for no place", () => {
  assert.is(ioFailure(systemError("EAGAIN", { syscall: "spawn", path: "bash" }), "build").error.path, undefined);
});

mapping("throws on what the operating system has not thrown", () => {
  const bug = new TypeError("undefined is not a function");
  assert.throws(
    () => ioFailure(bug, "copy"),
    (error: unknown) => error === bug,
  );
});

mapping.run();
