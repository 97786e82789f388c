import { suite } from "uvu";
import * as assert from "uvu/assert";
import { chooseTrees } from "../../../src/dkms/framework/choose-trees.ts";

const choose = suite("chooseTrees");

const framework = { dkmsTree: "/f/dkms", sourceTree: "/f/src", installTree: "/f/modules" };

choose("lets the command line beat the settings, and those framework.conf", () => {
  const given = { dkmsTree: "/c/dkms" };
  const settings = { dkmsTree: "/s/dkms", sourceTree: "/s/src" };
  assert.equal(chooseTrees({ root: "/", given, settings, framework }), {
    dkmsTree: "/c/dkms",
    sourceTree: "/s/src",
    installTree: "/f/modules",
  });
});

choose("puts the root in front of what files say, and leaves the command line as it stands", () => {
  const given = { installTree: "relative" };
  const settings = { sourceTree: "/img/src" };
  assert.equal(chooseTrees({ root: "/img", given, settings, framework }), {
    dkmsTree: "/img/f/dkms",
    sourceTree: "/img/img/src",
    installTree: "relative",
  });
});

choose.run();
