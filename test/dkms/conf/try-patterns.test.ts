import { suite } from "uvu";
import * as assert from "uvu/assert";
import { evaluateStatically } from "../../../src/dkms/conf/static-evaluator.ts";
import { tryPatterns } from "../../../src/dkms/conf/try-patterns.ts";
import { createHost } from "../../../src/host/create-host.ts";
import type { Command, Run } from "../../../src/host/run.ts";
import { kernelOf } from "./conf-builder.ts";

const tried = suite("tryPatterns");
const { id } = kernelOf();

async function matcherOf(text: string, commands: Command[] = []) {
  const { run } = createHost();
  const watched: Run = (command) => {
    commands.push(command);
    return run(command);
  };
  const matches = await tryPatterns(watched, evaluateStatically(text, new Map()) ?? new Map(), kernelOf());
  if (!matches.ok) throw new Error(matches.error.message);
  return matches.value;
}

tried("starts no process for patterns that JavaScript understands alike", async () => {
  const commands: Command[] = [];
  const matches = await matcherOf("MAKE_MATCH=^6\\\\.1 PATCH_MATCH[2]=rt BUILD_EXCLUSIVE_ARCH=^x86", commands);
  assert.ok(matches("^6\\.1", id.release));
  assert.not(matches("rt", id.release));
  assert.ok(matches("^x86", id.arch));
  assert.equal(commands, []);
});

tried("asks one bash about all others", async () => {
  const commands: Command[] = [];
  const matches = await matcherOf("MAKE_MATCH=('^(6).*\\1' '(7)\\1') BUILD_EXCLUSIVE_KERNEL='[18-19]'", commands);
  assert.ok(matches("^(6).*\\1", id.release));
  assert.not(matches("(7)\\1", id.release));
  assert.not(matches("[18-19]", id.release));
  assert.is(commands.length, 1);
});

tried("fails where bash is missing", async () => {
  const { run } = createHost({ searchPath: "/nowhere" });
  const raw = evaluateStatically("MAKE_MATCH='(7)\\1'", new Map()) ?? new Map();
  const matches = await tryPatterns(run, raw, kernelOf());
  assert.is(!matches.ok && matches.error.code, "E_CONF_INVALID");
});

tried.run();
