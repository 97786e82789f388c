import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { localFiles } from "../../src/host/local-files.ts";
import { testNeeding } from "../rig/test-needing.ts";
import { treeListing } from "../rig/tree-listing.ts";

const files = suite("localFiles");
let directory = "";
const at = (name: string) => path.join(directory, name);

files.before.each(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "dkms-agent-files-"));
});
files.after.each(() => fs.rmSync(directory, { recursive: true }));

files("answers undefined for what is absent, and for what lies below a plain file", () => {
  fs.writeFileSync(at("file"), "x");
  for (const absent of [at("none"), at("file/below")]) {
    for (const read of [
      localFiles.list,
      localFiles.stat,
      localFiles.lstat,
      localFiles.readText,
      localFiles.readBytes,
      localFiles.readLink,
      localFiles.realPath,
      localFiles.sha256,
      (file: string) => localFiles.sameContent(file, file) || undefined,
    ]) {
      assert.is(read(absent), undefined);
    }
  }
});

files("reads the ends of a long file, and all of one that is not much longer than they are", () => {
  fs.writeFileSync(at("long"), "0123456789");
  assert.is(localFiles.readEnds(at("long"), 5), "0123456789");
  assert.is(localFiles.readEnds(at("long"), 3), "012\n[4 bytes are left out]\n789");
  assert.is(localFiles.readEnds(at("none"), 3), undefined);
});

files("throws whatever else the system says", () => {
  assert.throws(() => localFiles.readText(directory), "EISDIR");
});

files("lists in byte order, with kinds that follow no link", () => {
  fs.mkdirSync(at("b"));
  fs.writeFileSync(at("B"), "");
  fs.symlinkSync("b", at("a"));
  assert.equal(localFiles.list(directory), [
    { name: "B", kind: "file" },
    { name: "a", kind: "link" },
    { name: "b", kind: "directory" },
  ]);
});

files("digests no device and no FIFO, for which it would wait for ever", () => {
  spawnSync("mkfifo", [at("fifo")]);
  for (const endless of [at("fifo"), "/dev/zero"]) assert.throws(() => localFiles.sha256(endless), "not a plain file");
});

files("digests like sha256sum, whatever the size", () => {
  const content = Buffer.alloc(700_001, "kernel");
  fs.writeFileSync(at("big"), content);
  const oracle = spawnSync("sha256sum", [at("big")], { encoding: "utf8" }).stdout.slice(0, 64);
  assert.is(localFiles.sha256(at("big")), oracle);
  fs.writeFileSync(at("empty"), "");
  assert.is(localFiles.sha256(at("empty")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
});

files("replaces a file in one moment and leaves no temporary name, also when it fails", () => {
  fs.writeFileSync(at("file"), "old");
  localFiles.writeAtomic(at("file"), "new", 0o600);
  assert.is(fs.readFileSync(at("file"), "utf8"), "new");
  assert.is(fs.statSync(at("file")).mode & 0o777, 0o600);
  fs.mkdirSync(at("directory"));
  assert.throws(() => localFiles.writeAtomic(at("directory"), "x"), "EISDIR");
  assert.equal(fs.readdirSync(directory), ["directory", "file"]);
});

files("replaces a link in one moment", () => {
  localFiles.symlinkAtomic("one", at("link"));
  localFiles.symlinkAtomic("two", at("link"));
  assert.is(localFiles.readLink(at("link")), "two");
});

files("copies content, mode and times, and never over something", () => {
  fs.writeFileSync(at("from"), "content", { mode: 0o750 });
  fs.utimesSync(at("from"), 1000, 2000);
  localFiles.copyFile(at("from"), at("to"));
  const { mode, mtimeMs } = fs.statSync(at("to"));
  assert.is(mode & 0o777, 0o750);
  assert.is(mtimeMs, 2_000_000);
  fs.writeFileSync(at("other"), "other");
  assert.throws(() => localFiles.copyFile(at("from"), at("other")), "EEXIST");
  assert.is(fs.readFileSync(at("other"), "utf8"), "other");
});

files("removes trees without following links, and what is gone already", () => {
  fs.mkdirSync(at("tree/deep"), { recursive: true });
  fs.mkdirSync(at("kept"));
  fs.writeFileSync(at("kept/file"), "");
  fs.symlinkSync(at("kept"), at("tree/link"));
  localFiles.remove(at("tree"));
  localFiles.remove(at("tree"));
  assert.equal(fs.readdirSync(directory), ["kept"]);
  assert.equal(fs.readdirSync(at("kept")), ["file"]);
});

files("removes a directory only when it is empty", () => {
  fs.mkdirSync(at("full/child"), { recursive: true });
  assert.is(localFiles.removeIfEmpty(at("full")), false);
  assert.is(localFiles.removeIfEmpty(at("full/child")), true);
  assert.is(localFiles.removeIfEmpty(at("none")), false);
});

files("appends, and creates a file that only its owner may read", () => {
  localFiles.append(at("log"), "one\n");
  localFiles.append(at("log"), "two\n");
  assert.is(fs.readFileSync(at("log"), "utf8"), "one\ntwo\n");
  assert.is(fs.statSync(at("log")).mode & 0o777, 0o600);
});

testNeeding(files, ["root"], "moves a directory that cannot be renamed, whole or not at all", () => {
  fs.mkdirSync(at("from/deep"), { recursive: true });
  fs.mkdirSync(at("other"));
  fs.writeFileSync(at("from/deep/file"), "content", { mode: 0o640 });
  fs.symlinkSync("deep/file", at("from/link"));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", at("other")]);
  try {
    const before = treeListing(at("from"));
    localFiles.rename(at("from"), at("other/to"));
    assert.equal([treeListing(at("other/to")), fs.existsSync(at("from"))], [before, false]);
    fs.writeFileSync(at("other/to/large"), Buffer.alloc(20_000));
    assert.throws(() => localFiles.rename(at("other/to/link"), at("link")), "EXDEV");
    localFiles.rename(at("other/to"), at("from"));
    fs.writeFileSync(at("from/zzz"), Buffer.alloc(100_000));
    assert.throws(() => localFiles.rename(at("from"), at("other/to")), "ENOSPC");
    assert.equal([fs.readdirSync(at("other")), fs.readdirSync(at("from")).length], [[], 4]);
  } finally {
    execFileSync("umount", [at("other")]);
  }
});

files.run();
