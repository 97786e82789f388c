import fs from "node:fs";
import path from "node:path";
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { FileReads } from "../../src/host/files.ts";
import type { Host } from "../../src/host/host.ts";
import { areSame, type ReadMarks, recordReads } from "../../src/host/record-reads.ts";
import { awaitTick } from "../rig/await-tick.ts";
import { filesRefusing } from "../rig/failing-files.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";

const record = suite<{ tree: TreeBuilder }>("recordReads");
record.before.each((context) => {
  context.tree = dkmsTree();
  for (const name of ["one", "two", "deep/three"]) context.tree.write(`place/${name}`, name);
  context.tree.link("one", "place/link");
});
record.after.each(({ tree }) => tree.remove());

const reads = ["list", "stat", "lstat", "readText", "readBytes", "readLink", "realPath", "sha256"] as const;
const names = ["", "one", "two", "deep", "deep/three", "link", "absent", "deep/absent"] as const;
const changes = {
  write: (file: string) => fs.writeFileSync(file, "new"),
  /** Of the same size, and with its time put back. */
  rewrite: (file: string) => {
    const { atime, mtime, size } = fs.statSync(file);
    fs.writeFileSync(file, "x".repeat(size));
    fs.utimesSync(file, atime, mtime);
  },
  remove: (file: string) => fs.rmSync(file, { recursive: true }),
  replace: (file: string) => {
    fs.writeFileSync(`${file}.new`, fs.readFileSync(file));
    fs.renameSync(`${file}.new`, file);
  },
  mode: (file: string) => fs.chmodSync(file, 0o711),
  mkdir: (file: string) => fs.mkdirSync(file),
  relink: (file: string) => {
    fs.rmSync(file, { recursive: true, force: true });
    fs.symlinkSync("two", file);
  },
};

record("sees every change after which somebody would be answered otherwise", ({ tree }) => {
  const ask = fc.tuple(fc.constantFrom(...reads), fc.constantFrom(...names));
  const change = fc.tuple(fc.constantFrom(...Object.values(changes)), fc.constantFrom(...names));
  const asked = fc.array(ask, { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(asked, fc.array(change, { maxLength: 2 }), (questions, made) => {
      const place = fs.mkdtempSync(tree.at("copy-"));
      fs.cpSync(tree.at("place"), place, { recursive: true, verbatimSymlinks: true });
      const answers = ({ files }: Pick<Host, "files">) =>
        questions.map(([read, name]) => answer(files, read, path.join(place, name)));
      const { host, marks } = recordReads(later(tree), tree.at("unseen"));
      const before = answers(host);
      const noted = marks();
      awaitTick(tree.at("tick"));
      for (const [apply, name] of made) attempt(() => apply(path.join(place, name)));
      if (noted === undefined || noted === "fresh" || !areSame(tree.host(), noted)) return;
      assert.equal(answers(tree.host()), before);
    }),
    { numRuns: 150 },
  );
});

record("takes what nobody has changed for the same", ({ tree }) => {
  const { host, marks } = recordReads(later(tree), tree.at("unseen"));
  for (const read of reads) answer(host.files, read, tree.at("place", read === "list" ? "deep" : "link"));
  answer(host.files, "stat", tree.at("place/absent"));
  host.findProgram("sh");
  const noted = settled(marks());
  fs.writeFileSync(tree.at("another"), "");
  assert.ok(areSame(tree.host(), noted));
  assert.not.ok(areSame({ ...tree.host(), findProgram: () => undefined }, noted));
});

record(
  "counts on nothing that changed a moment before, failed, started a process or asked for the time",
  async (context) => {
    const { tree } = context;
    const ways: readonly ((host: Host) => unknown)[] = [
      ({ files }) => files.sameContent(tree.at("place/one"), tree.at("place/two")),
      ({ clock }) => clock(),
      ({ run }) => run({ file: "true", args: [], timeoutMs: 1000 }),
    ];
    for (const way of ways) {
      const { host, marks } = recordReads(later(tree), tree.at("unseen"));
      assert.ok(settled(marks()));
      await way(host);
      assert.is(marks(), undefined);
    }
    const fresh = recordReads(
      { ...tree.host(), clock: () => new Date(fs.statSync(tree.at("place/one")).ctimeMs) },
      "/sys",
    );
    fresh.host.files.stat(tree.at("place/one"));
    assert.is(fresh.marks(), "fresh");
    const refused = recordReads({ ...later(tree), files: filesRefusing(tree.at("place")) }, "/sys");
    assert.throws(() => refused.host.files.list(tree.at("place")));
    assert.is(refused.marks(), undefined);
  },
);

record("counts on a process of which it is said that all it reads was looked at", async ({ tree }) => {
  const { host, marks } = recordReads(later(tree), tree.at("unseen"));
  await host.run({ file: "true", args: [], timeoutMs: 1000, isRepeatable: true });
  assert.ok(settled(marks()));
});

record("takes no note of what nobody can count on", ({ tree }) => {
  const { host, marks } = recordReads(later(tree), tree.at("place"));
  assert.is(host.files.readText(tree.at("place/one")), "one");
  assert.equal(settled(marks()).followed.paths, []);
});

function settled(marks: ReturnType<ReturnType<typeof recordReads>["marks"]>): ReadMarks {
  if (marks === undefined || marks === "fresh") throw new Error(`The marks are ${marks}.`);
  return marks;
}

/** To its clock everything happened long ago. */
function later(tree: TreeBuilder): Host {
  return tree.host({ clock: () => new Date(Date.now() + 10_000) });
}

function answer(files: FileReads, read: (typeof reads)[number], place: string): unknown {
  const found = attempt(() => files[read](place));
  // Times change with what nobody has asked for.
  if (typeof found !== "object" || found === null || !("ctimeMs" in found)) return found;
  const { kind, size, mode, inode } = found;
  return { kind, size: kind === "file" ? size : undefined, mode, inode };
}

function attempt<T>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : "failed";
  }
}

record("one answer that could not be given spoils all, whatever is answered after it", ({ tree }) => {
  const { host, marks } = recordReads(later(tree), tree.at("unseen"));
  assert.throws(() => host.files.readText(tree.at("place/deep")));
  assert.is(host.files.readText(tree.at("place/one")), "one");
  assert.is(marks(), undefined);
});

record.run();
