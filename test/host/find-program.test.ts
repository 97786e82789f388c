import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createHost } from "../../src/host/create-host.ts";
import { dkmsTree } from "../rig/tree-builder.ts";

const find = suite("findProgram");

find("takes the first executable file of the search path, as run does", async () => {
  const tree = dkmsTree();
  fs.mkdirSync(tree.at("a/tool"), { recursive: true });
  tree.write("b/tool", "#!/bin/sh\n");
  for (const directory of ["c", "d"])
    fs.chmodSync(tree.write(`${directory}/tool`, `#!/bin/sh\necho ${directory}\n`), 0o755);
  const host = createHost({ searchPath: ["a", "b", "c", "d"].map((directory) => tree.at(directory)).join(":") });
  assert.is(host.findProgram("tool"), tree.at("c/tool"));
  assert.is(host.findProgram(tree.at("d/tool")), tree.at("d/tool"));
  assert.is(host.findProgram(tree.at("b/tool")), undefined);
  assert.is(host.findProgram("other"), undefined);
  tree.remove();
});

find("finds what run finds", async () => {
  const host = createHost();
  const { stdout } = await host.run({ file: "sh", args: ["-c", "command -v sed"], timeoutMs: 20_000 });
  assert.is(host.findProgram("sed"), stdout.trim());
});

find.run();
