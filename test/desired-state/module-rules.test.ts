import { suite } from "uvu";
import * as assert from "uvu/assert";
import { checkModule } from "../../src/desired-state/module-rules.ts";
import type { ModuleShape } from "../../src/desired-state/schema.ts";

const rules = suite("checkModule");

function broken(more: Partial<ModuleShape>): readonly string[] {
  return checkModule({ name: "a", version: "1", ...more }).map(
    ({ path, fault }) => `${fault.code} ${path.map(String).join(".")}`,
  );
}

rules("has nothing against a module that says little", () => {
  assert.equal(broken({}), []);
  assert.equal(broken({ state: "absent", version: "*" }), []);
  assert.equal(broken({ state: "built", source: "x", kernels: ["running"], timeout: "1m", build: "auto" }), []);
});

rules("takes every version only away", () => {
  assert.equal(broken({ version: "*" }), ["E_CONFLICT version"]);
  assert.equal(broken({ version: "*", state: "added" }), ["E_CONFLICT version"]);
});

rules("refuses names and versions whose path no kernel's makefiles can build in", () => {
  for (const sign of ['"', "$", "%", "&", "'", "(", ")", ",", ":", ";", "<", ">", "\\", "`", "|"]) {
    assert.equal(broken({ name: `a${sign}b` }), ["E_BAD_VALUE name"], sign);
    assert.equal(broken({ version: `1${sign}2`, state: "built" }), ["E_BAD_VALUE version"], sign);
  }
  assert.equal(broken({ name: "a#b:c" }), ["E_BAD_VALUE name"]);
  assert.equal(broken({ name: "a#b" }), ["W_BAD_NAME name"]);
  assert.equal(broken({ name: "é!=@^_{}~+-.a", version: "1.0+dfsg~rc1" }), []);
});

rules("says that nothing of a module is in an initramfs where it is not installed", () => {
  for (const state of ["built", "added", "absent"] as const)
    assert.equal(broken({ initramfs: "true", state }), ["W_NO_EFFECT initramfs"]);
  assert.equal(broken({ initramfs: "true" }), []);
  assert.equal(broken({ initramfs: "false", state: "built" }), []);
});

rules("lets such a name be where nothing is built", () => {
  for (const more of [{ state: "absent" }, { state: "added" }, { build: "never" }] as const)
    assert.equal(broken({ version: "1:2", ...more }), []);
});

rules("takes no source, no tarballs and no kernels for what is to be absent", () => {
  assert.equal(broken({ state: "absent", tarballs: [{ path: "a", sha256: "0" }] }), ["E_CONFLICT tarballs"]);
  assert.equal(broken({ state: "absent", source: "x" }), ["E_CONFLICT source"]);
  assert.equal(broken({ state: "absent", kernels: ["running"] }), ["E_CONFLICT kernels"]);
});

rules("takes tarballs for what is to be installed, built or added, built here or not", () => {
  const tarballs = [{ path: "a", sha256: "0" }];
  for (const state of ["installed", "built", "added"] as const) assert.equal(broken({ state, tarballs }), []);
  assert.equal(broken({ tarballs, build: "never" }), []);
  assert.equal(broken({ tarballs: [...tarballs, ...tarballs] }), ["E_CONFLICT tarballs.1"]);
});

rules("warns of a source that is never built, and of time for builds that never happen", () => {
  assert.equal(broken({ source: "x", build: "never" }), ["W_NO_EFFECT source"]);
  assert.equal(broken({ timeout: "1m", build: "never" }), ["W_NO_EFFECT timeout"]);
  assert.equal(broken({ state: "added", source: "x", build: "never" }), ["W_NO_EFFECT build"], "it is copied");
});

rules("warns of settings for builds that never happen", () => {
  const settings = { directives: { STRIP: "no" }, timeout: "1m", build: "never" } as const;
  const expected = ["W_NO_EFFECT directives", "W_NO_EFFECT timeout", "W_NO_EFFECT build"];
  assert.equal(broken({ state: "absent", ...settings }), expected);
  assert.equal(broken({ state: "added", ...settings }), expected);
});

rules("warns of kernels for what is only added", () => {
  assert.equal(broken({ state: "added", kernels: ["running"] }), ["W_NO_EFFECT kernels"]);
});

rules("refuses kernels that only take away", () => {
  assert.equal(broken({ kernels: [{ not: "running" }, { not: "*-rt-*" }] }), ["E_BAD_VALUE kernels"]);
  assert.equal(broken({ kernels: [{ not: "running" }, "installed"] }), []);
});

rules("warns of directives that do nothing any more", () => {
  assert.equal(broken({ directives: { CLEAN: "make clean", MAKE: "make" } }), ["W_NO_EFFECT directives.CLEAN"]);
});

rules.run();
