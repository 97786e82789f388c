import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { openDigests } from "../../src/dkms/known-digests.ts";
import type { Host } from "../../src/host/host.ts";
import { localFiles } from "../../src/host/local-files.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";

const kept = "var/lib/dkms/.dkms-agent/digests.json";

const digests = suite<{ tree: TreeBuilder }>("openDigests");
digests.before.each((context) => {
  context.tree = dkmsTree();
  fs.mkdirSync(context.tree.at("var/lib/dkms/.dkms-agent"), { recursive: true });
});
digests.after.each(({ tree }) => tree.remove());

digests("reads nothing again that a run before has kept, and writes nothing again", async ({ tree }) => {
  const file = await keep(tree, "content");
  const { host, reads } = counting(tree);
  const later = openDigests(host);
  assert.is(later.host.files.sha256(file), sha256("content"));
  assert.is(reads(), 0);
  const before = fs.statSync(tree.at(kept));
  await later.save({ whole: true });
  assert.is(fs.statSync(tree.at(kept)).ino, before.ino);
});

digests("sees a change of the same size in the same moment, also with its time put back", async ({ tree }) => {
  const file = tree.at("file");
  for (let round = 0; round < 100; round++) {
    fs.writeFileSync(file, `one ${round}`);
    const { atime, mtime } = fs.statSync(file);
    const first = openDigests(tree.host());
    assert.is(first.host.files.sha256(file), sha256(`one ${round}`));
    fs.writeFileSync(file, `two ${round}`);
    fs.utimesSync(file, atime, mtime);
    assert.is(first.host.files.sha256(file), sha256(`two ${round}`));
  }
});

digests("a look at a file's times counts for one question, and not for the next", async ({ tree }) => {
  const file = await keep(tree, "before");
  const { files } = openDigests(tree.host()).host;
  files.stat(file);
  assert.is(files.sha256(file), sha256("before"));
  fs.writeFileSync(file, "afterwards");
  assert.is(files.sha256(file), sha256("afterwards"));
});

digests("sees a change that puts size and mtime back, long after", async ({ tree }) => {
  const file = await keep(tree, "before");
  const { atime, mtime } = fs.statSync(file);
  fs.writeFileSync(file, "later!");
  fs.utimesSync(file, atime, mtime);
  assert.is(openDigests(tree.host()).host.files.sha256(file), sha256("later!"));
});

digests("takes no notice of what somebody else could have written, or what is no such file", async ({ tree }) => {
  const file = await keep(tree, "content");
  const place = tree.at(kept);
  const forged = fs.readFileSync(place, "utf8").replace(sha256("content"), "0".repeat(64));
  const answer = () => openDigests(tree.host()).host.files.sha256(file);
  fs.writeFileSync(place, forged);
  assert.is(answer(), "0".repeat(64), "what only the owner can write is believed");
  fs.chmodSync(place, 0o666);
  assert.is(answer(), sha256("content"));
  fs.chmodSync(place, 0o600);
  fs.renameSync(place, `${place}.moved`);
  fs.symlinkSync(`${place}.moved`, place);
  assert.is(answer(), sha256("content"));
  fs.rmSync(place);
  for (const text of [
    "",
    "{",
    "[]",
    "null",
    '["dkms-agent digests 2"]',
    forged.replace('0"', '"'),
    forged.slice(0, 90),
  ]) {
    fs.writeFileSync(place, text, { mode: 0o600 });
    assert.is(answer(), sha256("content"), text);
  }
  if (process.getuid?.() === 0) {
    fs.writeFileSync(place, forged);
    fs.chownSync(place, 65_534, 65_534);
    assert.is(answer(), sha256("content"), "of another user");
  }
});

digests("forgets what is not asked for any more, but only when all was asked", async ({ tree }) => {
  const file = await keep(tree, "content");
  const narrow = openDigests(tree.host());
  await narrow.save({ whole: false });
  assert.match(fs.readFileSync(tree.at(kept), "utf8"), file);
  await openDigests(tree.host()).save({ whole: true });
  assert.not.match(fs.readFileSync(tree.at(kept), "utf8"), file);
});

digests("keeps also what was made a moment ago", async ({ tree }) => {
  tree.write("new", "content");
  const first = openDigests(tree.host());
  first.host.files.sha256(tree.at("new"));
  await first.save({ whole: true });
  const { host, reads } = counting(tree);
  assert.is(openDigests(host).host.files.sha256(tree.at("new")), sha256("content"));
  assert.is(reads(), 0);
});

/** A file whose digest a run has kept. */
async function keep(tree: TreeBuilder, content: string): Promise<string> {
  const file = tree.at("file");
  fs.mkdirSync(path.dirname(file), { recursive: true });
  for (;;) {
    fs.writeFileSync(file, content);
    // One moment in a thousand looks like that of a file system without finer times, of which nothing is kept.
    if (fs.statSync(file).ctimeMs % 1000 !== 0) break;
    await setTimeout(1);
  }
  const first = openDigests(tree.host());
  first.host.files.sha256(file);
  await first.save({ whole: true });
  return file;
}

function counting(tree: TreeBuilder): { host: Host; reads: () => number } {
  let count = 0;
  const read = (file: string) => {
    count += 1;
    return localFiles.sha256(file);
  };
  return { host: tree.host({ files: { ...localFiles, sha256: read } }), reads: () => count };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

digests.run();
