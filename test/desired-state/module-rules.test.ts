import { suite } from "uvu";
import * as assert from "uvu/assert";
import { checkModule } from "../../src/desired-state/module-rules.ts";
import type { ModuleShape } from "../../src/desired-state/schema.ts";

const rules = suite("checkModule");

function broken(more: Partial<ModuleShape>): readonly string[] {
  return checkModule({ name: "a", version: "1", ...more }).map(({ path, fault }) => `${fault.code} ${path.join(".")}`);
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

rules("takes no source and no kernels for what is to be absent", () => {
  assert.equal(broken({ state: "absent", source: "x" }), ["E_CONFLICT source"]);
  assert.equal(broken({ state: "absent", kernels: ["running"] }), ["E_CONFLICT kernels"]);
});

rules("warns of a source that is never built", () => {
  assert.equal(broken({ source: "x", build: "never" }), ["W_NO_EFFECT source"]);
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
