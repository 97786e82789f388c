import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  deprecatedDirectives,
  directiveNameFault,
  isDeprecatedDirective,
  numberedDirectives,
  singleDirectives,
} from "../../src/desired-state/directive-names.ts";
import { directiveNames } from "../../src/dkms/conf/raw-conf.ts";

const naming = suite("directiveNameFault");

naming("takes the names of dkms.conf, numbered where DKMS numbers them", () => {
  const names = ["STRIP", "STRIP[0]", "MAKE[999]", "BUILD_DEPENDS[1]", "AUTOINSTALL", "POST_INSTALL", "CLEAN"];
  for (const name of [...names, "REMAKE_INITRD", "MODULES_CONF[0]"]) assert.is(directiveNameFault(name), undefined);
});

naming("takes every directive that the engine reads, each as one kind", () => {
  for (const name of directiveNames) assert.is(directiveNameFault(name), undefined, name);
  const kinds = [...numberedDirectives, ...singleDirectives, ...deprecatedDirectives];
  assert.equal([...kinds].sort(), [...directiveNames].sort());
});

naming("refuses an index where there is only one", () => {
  assert.match(directiveNameFault("AUTOINSTALL[0]")?.hint ?? "", '"AUTOINSTALL"');
});

for (const name of ["MAKE[]", "MAKE[x]", "MAKE[-1]", "MAKE[1000]", "MAKE[0]x", "MAKE[0", "MAKE[0]\n", "MAKE[$(id)]"]) {
  naming(`refuses ${JSON.stringify(name)}`, () => {
    assert.ok(directiveNameFault(name));
  });
}

naming("asks whether another one was meant", () => {
  assert.is(directiveNameFault("STRP")?.hint, 'Did you mean "STRIP"?');
  assert.is(directiveNameFault("make[0]")?.hint, 'Did you mean "MAKE"?');
  assert.is(directiveNameFault("constructor")?.code, "E_UNKNOWN_KEY");
});

naming.run();

const deprecated = suite("isDeprecatedDirective");

deprecated("knows what does nothing any more", () => {
  assert.is(isDeprecatedDirective("CLEAN"), true);
  assert.is(isDeprecatedDirective("MODULES_CONF[2]"), true);
  assert.is(isDeprecatedDirective("MAKE[0]"), false);
});

deprecated.run();
