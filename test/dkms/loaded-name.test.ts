import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadedName } from "../../src/dkms/loaded-name.ts";

const name = suite("loadedName");

name("has an underscore for each hyphen", () => {
  assert.is(loadedName("snd-hda-codec"), "snd_hda_codec");
});
name.run();
