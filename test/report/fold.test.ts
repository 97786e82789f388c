import { suite } from "uvu";
import * as assert from "uvu/assert";
import { instanceAddress, parseModuleKey } from "../../src/dkms/id.ts";
import { fold, splitAddress, unfolded } from "../../src/report/fold.ts";

function thing(key: string, release: string, said = "same", arch = "x86_64") {
  const module = parseModuleKey(key);
  if (!module) throw new Error(key);
  return { address: instanceAddress({ module, kernel: { release, arch } }), said };
}

const folding = suite("fold");
const bySaid = ({ said }: { said: string }) => said;

folding("one module for several kernels", () => {
  const things = ["6.1", "6.2", "6.3"].map((release) => thing("a/1", release));
  const [only, ...rest] = fold(things, bySaid);
  assert.equal(rest, []);
  assert.is(only?.subject, "a/1 for 3 kernels");
  assert.equal(only?.members, ["6.1", "6.2", "6.3"]);
});

folding("several modules for one kernel", () => {
  const [only] = fold(
    ["a/1", "b/1", "c/1"].map((key) => thing(key, "6.1")),
    bySaid,
  );
  assert.is(only?.subject, "3 modules for 6.1/x86_64");
  assert.equal(only?.members, ["a/1", "b/1", "c/1"]);
});

folding("several of both are named whole", () => {
  const things = [thing("a/1", "6.1"), thing("b/1", "6.1"), thing("b/1", "6.2")];
  const [only] = fold(things, bySaid);
  assert.is(only?.subject, "3 instances");
  assert.equal(
    only?.members,
    things.map(({ address }) => address),
  );
});

folding("kernels of several architectures keep them", () => {
  const things = [thing("a/1", "6.1"), thing("a/1", "6.2"), thing("a/1", "6.1", "same", "aarch64")];
  assert.equal(fold(things, bySaid)[0]?.members, ["6.1/x86_64", "6.2/x86_64", "6.1/aarch64"]);
});

folding("two stay apart, and what differs stays apart", () => {
  const things = [thing("a/1", "6.1"), thing("a/1", "6.2"), thing("a/1", "6.3", "other")];
  assert.equal(fold(things, bySaid), unfolded(things));
});

folding("keeps the place of the first", () => {
  const things = [thing("z/1", "6.0", "first"), ...["6.1", "6.2", "6.3"].map((one) => thing("a/1", one))];
  assert.equal(
    fold(things, bySaid).map(({ subject }) => subject),
    ["z/1@6.0/x86_64", "a/1 for 3 kernels"],
  );
});
folding.run();

const splitting = suite("splitAddress");

splitting("a version may hold an @, a module alone has no kernel", () => {
  assert.equal(splitAddress("a/1@b@6.1/x86_64"), { module: "a/1@b", kernel: "6.1/x86_64" });
  assert.equal(splitAddress("a/1"), { module: "a/1", kernel: "" });
});
splitting.run();
