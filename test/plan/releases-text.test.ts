import { suite } from "uvu";
import * as assert from "uvu/assert";
import { releasesText } from "../../src/plan/releases-text.ts";
import { kernelId } from "../rig/world-ids.ts";

const releases = suite("releasesText");
const text = (...names: readonly string[]) => releasesText(names.map((name) => ({ id: kernelId(name) })));

releases("names the kernels that there are, each once, and of many the first", () => {
  assert.is(text(), undefined);
  assert.is(text("K1", "K1"), "there is K1");
  assert.is(text("K1", "K2"), "there are K1, K2");
  assert.is(text("K1", "K2", "K3", "K4", "K5", "K6"), "there are K1, K2, K3, K4 and 2 more");
});

releases.run();
