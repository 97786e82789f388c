import { suite } from "uvu";
import * as assert from "uvu/assert";
import { moduleProblem, parseModuleKey } from "../../src/dkms/id.ts";

const problem = suite("moduleProblem");

problem("has nothing against names and versions as packages have them", () => {
  for (const version of ["1.0", "550.54.14", "2:1.0+dfsg~rc1", "source", "kernel"])
    assert.is(moduleProblem({ name: "kernel-mft-dkms", version }), undefined);
});

problem("keeps for DKMS what DKMS puts beside the versions", () => {
  for (const version of ["original_module", "kernel-6.1.0-56-amd64-x86_64"])
    assert.is(moduleProblem({ name: "hello", version }), "is a name that DKMS keeps for itself");
});

problem("keeps the names of the files that lie beside the modules", () => {
  for (const name of ["mok.key", "mok.pub", "post_transaction.log"])
    assert.is(moduleProblem({ name, version: "1" }), "is the name of a file in the DKMS tree");
});

problem("looks at both parts, also where they are read from one text", () => {
  assert.is(moduleProblem({ name: "..", version: "1" }), 'is "..", which is not a name');
  assert.is(moduleProblem({ name: "a", version: "" }), "is empty");
  assert.equal(parseModuleKey("hello/1.0"), { name: "hello", version: "1.0" });
  assert.is(parseModuleKey("hello/original_module"), undefined);
});

problem.run();
