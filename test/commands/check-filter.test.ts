import { suite } from "uvu";
import * as assert from "uvu/assert";
import { knownModules, unknownModule } from "../../src/commands/check-filter.ts";
import { desiredState } from "../rig/world.ts";

const known = [
  { name: "v4l2loopback", version: "0.12.7" },
  { name: "ddcci", version: "0.4.4" },
  { name: "old", version: "*" },
];

const check = suite("unknownModule");

check("a name, or a name with its version, is known; * stands for every version", () => {
  const patterns = [
    { name: "ddcci", version: undefined },
    { name: "v4l2loopback", version: "0.12.7" },
    { name: "old", version: "7" },
  ];
  assert.is(unknownModule(patterns, known), undefined);
  assert.is(unknownModule([], known), undefined);
});

check("a typing error gets the nearest name", () => {
  assert.equal(unknownModule([{ name: "v4l2loopbak", version: undefined }], known), {
    message: '--module: no module "v4l2loopbak" is known.',
    hint: 'Did you mean "v4l2loopback"?',
  });
});

check("a wrong version gets those that there are", () => {
  assert.is(unknownModule([{ name: "ddcci", version: "0.5" }], known)?.hint, "Known of ddcci: 0.4.4.");
});

check("a name like none gets some of them", () => {
  const many = Array.from({ length: 12 }, (_, index) => ({ name: `module-${index}`, version: "1" }));
  assert.match(unknownModule([{ name: "zzz", version: undefined }], many)?.hint ?? "", /module-9, and 2 more\.$/);
  assert.is(unknownModule([{ name: "zzz", version: undefined }], [])?.hint, "The documents name no module.");
});
check.run();

const knowing = suite("knownModules");

knowing("modules in the tree count only where the documents take unlisted ones away", () => {
  const inTree = () => [{ name: "stray", version: "2" }];
  const names = (unlisted: "report" | "prune") =>
    knownModules(desiredState({ "a/1": {} }, unlisted), inTree).map(({ name }) => name);
  assert.equal(names("report"), ["a"]);
  assert.equal(names("prune"), ["a", "stray"]);
});
knowing.run();
