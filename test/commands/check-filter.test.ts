import { suite } from "uvu";
import * as assert from "uvu/assert";
import { knownModules, unknownKernel, unknownModule } from "../../src/commands/check-filter.ts";
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

const kernel = suite("unknownKernel");
const present = () => ["6.1.0-55-amd64", "6.1.0-56-amd64"];

kernel("a kernel of the install tree, or one that a document spells, is known", () => {
  const desired = desiredState({ "a/1": { kernels: [{ kind: "exact", release: "9.9" }] } });
  for (const release of [undefined, "6.1.0-56-amd64", "9.9"]) {
    assert.is(unknownKernel(release, { desired, present }), undefined);
  }
});

kernel("a typing error gets the nearest release, anything else the list", () => {
  const desired = desiredState({ "a/1": {} });
  const typo = unknownKernel("6.1.0-56-amd46", { desired, present });
  assert.is(typo?.hint, 'Did you mean "6.1.0-56-amd64"?');
  const other = unknownKernel("nope", { desired, present });
  assert.match(other?.hint ?? "", "There are: 6.1.0-55-amd64, 6.1.0-56-amd64.");
  assert.match(unknownKernel("x", { desired, present: () => [] })?.hint ?? "", "no kernel");
});

kernel.run();
