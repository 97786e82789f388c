import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { FileReads } from "../../src/host/files.ts";
import { localFiles } from "../../src/host/local-files.ts";
import { rememberListings } from "../../src/host/remember-listings.ts";

const remembered = suite<{ top: string; list: FileReads["list"]; reads: string[] }>("rememberListings");

remembered.before.each((context) => {
  const top = fs.mkdtempSync(path.join(os.tmpdir(), "remember-listings-"));
  fs.mkdirSync(path.join(top, "tree/below"), { recursive: true });
  const reads: string[] = [];
  const counting = (directory: string) => {
    reads.push(path.relative(top, directory));
    return localFiles.list(directory);
  };
  // An hour later, so that what was made just now has come to rest.
  const clock = () => new Date(Date.now() + 3_600_000);
  const list = rememberListings({ ...localFiles, list: counting }, path.join(top, "tree"), clock);
  Object.assign(context, { top, list, reads });
});
remembered.after.each(({ top }) => fs.rmSync(top, { recursive: true }));

const names = (entries: ReturnType<FileReads["list"]>) => entries?.map(({ name }) => name);

remembered("reads a directory once as long as nothing in it changes", ({ top, list, reads }) => {
  fs.writeFileSync(path.join(top, "tree/below/one"), "");
  assert.equal(names(list(path.join(top, "tree/below"))), ["one"]);
  assert.equal(names(list(path.join(top, "tree/below"))), ["one"]);
  assert.equal(reads, ["tree/below"]);
});

remembered("sees what is made, renamed and removed", ({ top, list }) => {
  const below = path.join(top, "tree/below");
  assert.equal(names(list(below)), []);
  fs.writeFileSync(path.join(below, "one"), "");
  fs.utimesSync(below, 1, 1);
  assert.equal(names(list(below)), ["one"]);
  fs.renameSync(path.join(below, "one"), path.join(below, "two"));
  fs.utimesSync(below, 1, 2);
  assert.equal(names(list(below)), ["two"]);
  fs.rmSync(below, { recursive: true });
  assert.is(list(below), undefined);
});

remembered("does not count on what has changed a moment before", ({ top, reads }) => {
  const list = rememberListings(
    {
      ...localFiles,
      list: (directory) => {
        reads.push(directory);
        return localFiles.list(directory);
      },
    },
    path.join(top, "tree"),
    () => new Date(),
  );
  list(path.join(top, "tree/below"));
  list(path.join(top, "tree/below"));
  assert.is(reads.length, 2);
});

remembered("remembers nothing elsewhere", ({ top, list, reads }) => {
  list(path.join(top, "tree"));
  list(path.join(top, "tree"));
  list(top);
  list(top);
  assert.is(reads.length, 4);
});

remembered.run();
