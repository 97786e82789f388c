import { suite } from "uvu";
import * as assert from "uvu/assert";
import { didYouMean, nearestOf } from "../../src/dkms/did-you-mean.ts";

const nearest = suite("nearestOf");
const keys = ["name", "version", "kernels", "state"];

nearest("finds a word with a letter too few, too many, wrong, swapped or of the wrong case", () => {
  assert.is(nearestOf("vesion", keys), "version");
  assert.is(nearestOf("kernelss", keys), "kernels");
  assert.is(nearestOf("nane", keys), "name");
  assert.is(nearestOf("sttae", keys), "state");
  assert.is(nearestOf("Version", keys), "version");
});

nearest("finds nothing where nothing is near", () => {
  assert.is(nearestOf("depends", keys), undefined);
  assert.is(nearestOf("x", keys), undefined);
  assert.is(nearestOf("x".repeat(1000), keys), undefined);
  assert.is(nearestOf("name", []), undefined);
});

nearest.run();

const hint = suite("didYouMean");

hint("asks", () => {
  assert.is(didYouMean("vesion", keys), 'Did you mean "version"?');
  assert.is(didYouMean("depends", keys), undefined);
});

hint.run();
