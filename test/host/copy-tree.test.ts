import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { copyTree } from "../../src/host/copy-tree.ts";
import { localFiles } from "../../src/host/local-files.ts";
import { treeListing } from "../rig/tree-listing.ts";

const copying = suite<{ top: string; from: string; to: string }>("copyTree");

copying.before.each((context) => {
  const top = fs.mkdtempSync(path.join(os.tmpdir(), "copy-tree-"));
  const from = path.join(top, "from");
  Object.assign(context, { top, from, to: path.join(top, "to") });
  fs.mkdirSync(path.join(from, "deep/er"), { recursive: true });
  fs.writeFileSync(path.join(from, "file"), "content");
  fs.writeFileSync(path.join(from, "deep/er/run"), "#!/bin/sh", { mode: 0o755 });
  fs.symlinkSync("../nowhere", path.join(from, "deep/link"));
  fs.utimesSync(path.join(from, "file"), 1, 1_000_000);
});
copying.after.each(({ top }) => fs.rmSync(top, { recursive: true }));

for (const durable of [true, false])
  copying(`copies files, directories, links and times${durable ? ", to the disk" : ""}`, ({ from, to }) => {
    copyTree(localFiles, from, to, { durable });
    assert.equal(treeListing(to), treeListing(from));
    assert.is(fs.statSync(path.join(to, "file")).mtimeMs, 1_000_000_000);
  });

copying("takes away others' right to write and set-id bits, and keeps our own to a directory", ({ from, to }) => {
  fs.chmodSync(path.join(from, "file"), 0o6777);
  fs.chmodSync(path.join(from, "deep/er"), 0o555);
  copyTree(localFiles, from, to, { durable: true });
  assert.is(fs.statSync(path.join(to, "file")).mode & 0o7777, 0o755);
  assert.is(fs.statSync(path.join(to, "deep/er")).mode & 0o7777, 0o755);
});

copying("leaves out names that are not wanted, and what is no file", ({ from, to }) => {
  execFileSync("mkfifo", [path.join(from, "fifo")]);
  copyTree(localFiles, from, to, { durable: false, keep: (name) => name !== "deep" });
  assert.equal(fs.readdirSync(to), ["file"]);
});

copying("does not write over a file that is there", ({ from, to }) => {
  fs.mkdirSync(to);
  fs.writeFileSync(path.join(to, "file"), "other");
  assert.throws(() => copyTree(localFiles, from, to, { durable: false }), /EEXIST/);
  assert.is(fs.readFileSync(path.join(to, "file"), "utf8"), "other");
});

copying.run();
