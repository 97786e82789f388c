import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ArchiveMember } from "../../../src/host/archive/archive-member.ts";
import { type ArchiveOrder, writeArchive } from "../../../src/host/archive/write-archive.ts";
import { createHost } from "../../../src/host/create-host.ts";

const write = suite<{ directory: string }>("writeArchive");

write.before.each((context) => {
  context.directory = fs.mkdtempSync(path.join(os.tmpdir(), "write-archive-"));
});
write.after.each(({ directory }) => fs.rmSync(directory, { recursive: true }));

function order(directory: string, members: readonly ArchiveMember[], more: Partial<ArchiveOrder> = {}): ArchiveOrder {
  const { run, signal } = createHost();
  const file = path.join(directory, "archive");
  return { file, members, packing: "none", run, signal, onProgress: () => {}, ...more };
}

/** Names of up to four parts, some too long for the older kinds of tar; contents around the size of a block. */
const part = fc.oneof(
  fc.stringMatching(/^[a-z][a-z. -]{0,8}[a-z]$/),
  fc.stringMatching(/^[a-zäß€𝄞]{1,4}$/u),
  fc.integer({ min: 90, max: 200 }).map((length) => "n".repeat(length)),
);
const name = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
const content = fc.oneof(
  fc.constantFrom(0, 1, 511, 512, 513, 1024).map((size) => ({ size })),
  fc.record({ target: name }),
);

write("writes what tar reads: long names, names in any script, links, every size", async ({ directory }) => {
  let round = 0;
  const property = fc.asyncProperty(
    fc.uniqueArray(fc.tuple(name, content), { selector: ([key]) => key }),
    async (tree) => {
      round += 1;
      const top = path.join(directory, String(round));
      for (const place of ["from", "to"]) fs.mkdirSync(path.join(top, place), { recursive: true });
      const members = tree.map(([given, what], index): ArchiveMember => {
        // A number before each part, so that no file stands where a directory must be.
        const own = `${index}/${given}`;
        if ("target" in what) return { kind: "link", name: own, target: what.target };
        const from = path.join(top, "from", String(index));
        fs.writeFileSync(from, "x".repeat(what.size));
        return { kind: "file", name: own, from, size: what.size, executable: index % 2 === 0 };
      });
      const { file } = order(top, members);
      assert.equal(await writeArchive(order(top, members)), { kind: "written" });
      execFileSync("tar", ["-xf", file, "-C", path.join(top, "to")]);
      for (const member of members) {
        const place = path.join(top, "to", member.name);
        if (member.kind === "link") assert.is(fs.readlinkSync(place), member.target);
        if (member.kind !== "file") continue;
        assert.is(fs.readFileSync(place, "utf8"), "x".repeat(member.size));
        assert.is(fs.statSync(place).mode & 0o777, member.executable ? 0o755 : 0o644);
      }
      fs.rmSync(top, { recursive: true });
    },
  );
  await fc.assert(property, { numRuns: 25 });
});

write("says root, one time and a mode of git's for everything", async ({ directory }) => {
  const members: ArchiveMember[] = [
    { kind: "directory", name: "./d" },
    { kind: "text", name: "./d/t", text: "hello\n" },
    { kind: "link", name: "./d/l", target: "t" },
  ];
  await writeArchive(order(directory, members));
  const options = ["-tv", "--full-time", "--utc", "-f", path.join(directory, "archive")];
  const listed = execFileSync("tar", options, { encoding: "utf8" });
  assert.equal(listed.trimEnd().split("\n"), [
    "drwxr-xr-x root/root         0 1980-01-01 00:00:00 ./d/",
    "-rw-r--r-- root/root         6 1980-01-01 00:00:00 ./d/t",
    "lrwxrwxrwx root/root         0 1980-01-01 00:00:00 ./d/l -> t",
  ]);
  assert.is(fs.statSync(path.join(directory, "archive")).size % 10240, 0);
});

/** Larger than any buffer on its way. */
const large = 3_000_000;

function largeMember(directory: string): ArchiveMember & { kind: "file" } {
  const from = path.join(directory, "large");
  fs.writeFileSync(from, Buffer.alloc(large, "0123456789"));
  return { kind: "file", name: "large", from, size: large, executable: false };
}

for (const packing of ["none", "gz", "bz2", "xz", "zst"] as const)
  write(`packs as ${packing}, the same bytes each time, and tells how far it is`, async ({ directory }) => {
    const members = [largeMember(directory)];
    const told: number[] = [];
    const files = ["a", "b"].map((name) => path.join(directory, name));
    for (const file of files) {
      const onProgress = (bytes: number) => void told.push(bytes);
      assert.equal(await writeArchive(order(directory, members, { file, packing, onProgress })), { kind: "written" });
    }
    const [first, second] = files.map((file) => fs.readFileSync(file));
    assert.ok(first && second && first.equals(second));
    assert.is(told.at(-1), large);
    assert.ok(told.length > 10);
    const out = execFileSync("tar", ["-xOf", path.join(directory, "a")], { maxBuffer: 2 * large });
    assert.ok(out.equals(fs.readFileSync(path.join(directory, "large"))));
  });

for (const packing of ["none", "gz", "xz"] as const) {
  write(`stops when it is asked to (${packing})`, async ({ directory }) => {
    const controller = new AbortController();
    const host = createHost({ signal: controller.signal });
    const members = Array.from({ length: 20 }, (_, index) => ({ ...largeMember(directory), name: String(index) }));
    const onProgress = () => controller.abort();
    const more = { packing, onProgress, run: host.run, signal: controller.signal };
    assert.equal(await writeArchive(order(directory, members, more)), { kind: "stopped" });
  });

  write(`names a file that is not as long as it was (${packing})`, async ({ directory }) => {
    for (const size of [large - 1, large + 1]) {
      const file = path.join(directory, `archive-${size}`);
      const ending = await writeArchive(order(directory, [{ ...largeMember(directory), size }], { packing, file }));
      assert.equal(ending, { kind: "changed", path: path.join(directory, "large") });
    }
  });

  write(`throws what the file system throws (${packing})`, async ({ directory }) => {
    const member = { ...largeMember(directory), from: path.join(directory, "gone") };
    try {
      await writeArchive(order(directory, [largeMember(directory), member], { packing }));
      assert.unreachable();
    } catch (error) {
      assert.instance(error, Error);
      assert.match(String(error), /ENOENT.*gone/);
    }
  });
}

write("follows no link that a file became", async ({ directory }) => {
  const member = largeMember(directory);
  fs.renameSync(member.from, path.join(directory, "elsewhere"));
  fs.symlinkSync("elsewhere", member.from);
  try {
    await writeArchive(order(directory, [member]));
    assert.unreachable();
  } catch (error) {
    assert.match(String(error), "ELOOP");
  }
});

write("says which compressor is missing, and what one said that failed", async ({ directory }) => {
  const members = [largeMember(directory)];
  const missing = createHost({ searchPath: directory });
  const file = path.join(directory, "a");
  assert.equal(await writeArchive(order(directory, members, { file, packing: "xz", run: missing.run })), {
    kind: "missing",
    program: "xz",
  });
  fs.writeFileSync(path.join(directory, "zstd"), "#!/bin/sh\necho no such luck >&2\nexit 3\n", { mode: 0o755 });
  const failing = createHost({ searchPath: `${directory}:/usr/bin:/bin` });
  assert.equal(await writeArchive(order(directory, members, { packing: "zst", run: failing.run })), {
    kind: "failed",
    program: "zstd",
    said: "no such luck",
  });
});

write.run();
