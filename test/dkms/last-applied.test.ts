import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readLastApplied, writeLastApplied } from "../../src/dkms/last-applied.ts";
import { dkmsTree } from "../rig/tree-builder.ts";

const last = suite("readLastApplied and writeLastApplied");

last("what is written is read back, and not written twice", () => {
  const tree = dkmsTree();
  const host = tree.host();
  assert.is(readLastApplied(host), undefined);
  const file = tree.write("var/lib/dkms/.dkms-agent/last-applied.json", "");
  assert.is(readLastApplied(host), "unusable");
  const places = new Map([
    ["b/1@K/x86_64", "installed 1"],
    ["all a/*", "absent 2"],
  ]);
  writeLastApplied(host, { unlisted: "prune", places });
  const { mtimeNs } = fs.statSync(file, { bigint: true });
  writeLastApplied(host, { unlisted: "prune", places: new Map([...places].reverse()) });
  assert.is(fs.statSync(file, { bigint: true }).mtimeNs, mtimeNs);
  const read = readLastApplied(host);
  assert.ok(read && read !== "unusable");
  assert.is(read.unlisted, "prune");
  assert.equal([...read.places].sort(), [...places].sort());
  for (const text of ["[]", '{"format":2,"unlisted":"x","places":{}}', '{"format":1,"unlisted":"x"}', "{"]) {
    fs.writeFileSync(file, text);
    assert.is(readLastApplied(host), "unusable", text);
  }
  tree.remove();
});
last.run();
