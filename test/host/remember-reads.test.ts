import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createHost } from "../../src/host/create-host.ts";
import { rememberReads } from "../../src/host/remember-reads.ts";
import { filesRefusing } from "../rig/failing-files.ts";

const directory = fs.mkdtempSync(path.join(os.tmpdir(), "dkms-agent-test-"));
const at = (name: string): string => path.join(directory, name);

const remembered = suite("rememberReads");
remembered.after(() => fs.rmSync(directory, { recursive: true }));

remembered("gives what was asked before the same answer, absence included", () => {
  fs.writeFileSync(at("file"), "before");
  const { files } = rememberReads(createHost());
  assert.is(files.readText(at("file")), "before");
  assert.is(files.stat(at("absent")), undefined);
  assert.is(files.list(directory)?.length, 1);
  fs.writeFileSync(at("file"), "after");
  fs.writeFileSync(at("absent"), "there now");
  assert.is(files.readText(at("file")), "before");
  assert.is(files.stat(at("absent")), undefined);
  assert.is(files.list(directory)?.length, 1);
  assert.is(rememberReads(createHost()).files.readText(at("file")), "after");
});

remembered("asks again where the system refused", () => {
  const { files } = rememberReads(createHost({ files: filesRefusing(at("refused")) }));
  for (const _ of [1, 2]) assert.throws(() => files.stat(at("refused")), "EACCES");
});

remembered.run();
