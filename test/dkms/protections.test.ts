import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { protectModule, readProtected, unprotectModule } from "../../src/dkms/protections.ts";
import { dkmsTree } from "../rig/tree-builder.ts";

const protections = suite("protectModule, readProtected and unprotectModule");

protections("remember, read back and forget", () => {
  const tree = dkmsTree();
  const host = tree.host();
  assert.equal([...readProtected(host)], []);
  for (const version of ["1.0", "2.0", "1.0"]) protectModule(host, { name: "hello", version });
  tree.write("var/lib/dkms/.dkms-agent/protected/hello/.hidden", "");
  assert.equal([...readProtected(host)], ["hello/1.0", "hello/2.0"]);
  const file = tree.at("var/lib/dkms/.dkms-agent/protected/hello/1.0");
  const { mtimeNs } = fs.statSync(file, { bigint: true });
  protectModule(host, { name: "hello", version: "1.0" });
  assert.is(fs.statSync(file, { bigint: true }).mtimeNs, mtimeNs, "what is protected already is not written again");
  fs.rmSync(tree.at("var/lib/dkms/.dkms-agent/protected/hello/.hidden"));
  for (const version of ["1.0", "2.0"]) unprotectModule(host, { name: "hello", version });
  assert.equal([...readProtected(host)], []);
  assert.equal(fs.readdirSync(tree.at("var/lib/dkms/.dkms-agent/protected")), []);
  tree.remove();
});
protections.run();
