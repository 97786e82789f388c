import fs from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readTarball } from "../../../src/dkms/tarball/read-tarball.ts";
import { loadTarball } from "../../../src/dkms/verbs/load-tarball.ts";
import type { CommandResult } from "../../../src/host/run.ts";
import { memoryDirectory } from "../../rig/memory-directory.ts";
import { differences, snapshot } from "../../rig/snapshot.ts";
import { gnuLongName, paxHeader, tarArchive } from "../../rig/tar-archive.ts";
import { binariesOnlyFiles, objectFiles, sourceFiles } from "../../rig/tarballs.ts";
import { dkmsTree, type TreeBuilder } from "../../rig/tree-builder.ts";

/** `npm run fuzz` gives a minute, and everybody else a number of runs. */
const seconds = Number(process.env.DKMS_AGENT_FUZZ_SECONDS ?? 0);
const runs =
  seconds > 0 ? { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: seconds * 1000 } : { numRuns: 2000 };

const extras = [
  gnuLongName(`dkms_source_tree/${"long/".repeat(30)}name`),
  { name: "cut", content: "x" },
  paxHeader({ path: "dkms_source_tree/pax", mtime: "1.5" }),
  { name: "cut2", content: "y".repeat(600) },
  { name: "dkms_source_tree/link", type: "2", linkName: "Makefile" },
  { name: "dkms_source_tree/hard", type: "1", linkName: "dkms_source_tree/Makefile" },
];

const archives = [
  tarArchive([...sourceFiles(), ...extras, ...objectFiles({ releases: ["6.1.0-1", "6.1.0-2"] })]),
  tarArchive([...binariesOnlyFiles(), ...objectFiles()]),
  tarArchive(sourceFiles({}, "demo-1.0")),
];

interface Change {
  readonly kind: "flip" | "set" | "cut" | "drop" | "double" | "text";
  /** Of the whole: from 0 to 1. */
  readonly at: number;
  readonly value: number;
}

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom("flip", "set", "cut", "drop", "double", "text"),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  value: fc.nat(255),
});

const texts = ["../", "/etc/", "\n", "\0", "..", "77777777777", "-1", "dkms.conf", "dkms_main_tree/", "9999999"];

/** One block, mostly a header, or some bytes of it. */
function mutate(bytes: Buffer, { kind, at, value }: Change): Buffer {
  const block = Math.floor((at * Math.max(0, bytes.length - 1)) / 512) * 512;
  const place = Math.floor(at * Math.max(0, bytes.length - 1));
  const copy = Buffer.from(bytes);
  switch (kind) {
    case "flip":
      copy[place] = (copy[place] ?? 0) ^ (1 << (value & 7));
      return copy;
    case "set":
      copy[place] = value;
      return copy;
    case "cut":
      return copy.subarray(0, value & 1 ? place : block);
    case "drop":
      return Buffer.concat([copy.subarray(0, block), copy.subarray(block + 512)]);
    case "double":
      return Buffer.concat([copy.subarray(0, block + 512), copy.subarray(block)]);
    case "text":
      copy.write(
        texts[value % texts.length] ?? "",
        Math.min(copy.length, block + (fieldStarts[value % 6] ?? 0)),
        "latin1",
      );
      return copy;
  }
}

/** Name, mode, size, type, link, prefix of a header. */
const fieldStarts = [0, 100, 124, 156, 157, 345];

/** Makes the checksums right again, so that the mutation is not found by the first look at it. */
function mended(bytes: Buffer): Buffer {
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    if (bytes.toString("latin1", at + 257, at + 262) !== "ustar") continue;
    bytes.fill(" ", at + 148, at + 156);
    const sum = bytes.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
    bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, at + 148, "latin1");
  }
  return bytes;
}

interface Context {
  directory: string;
  tree: TreeBuilder;
}

const fuzz = suite<Context>("mutated tarballs");

fuzz.before((context) => {
  context.directory = memoryDirectory("dkms-fuzz-");
  context.tree = dkmsTree(path.join(context.directory, "root")).kernel("6.1.0-1");
  fs.mkdirSync(context.tree.at("var/lib/dkms/.dkms-agent"));
});
fuzz.after(({ directory }) => fs.rmSync(directory, { recursive: true }));

/** Without the archive, and the times of directories in which something is made and removed again. */
function look(directory: string): ReturnType<typeof snapshot> {
  const seen = new Map(snapshot(directory, ["archive"]));
  for (const place of ["", "/var/lib/dkms/.dkms-agent", "/var/lib/dkms", "/usr/src"])
    seen.delete(`${directory}/root${place}`);
  seen.delete(directory);
  return seen;
}

const mutation = fc.record({
  archive: fc.nat(archives.length - 1),
  changes: fc.array(change, { minLength: 1, maxLength: 4 }),
  isMended: fc.boolean(),
  isPacked: fc.boolean(),
  /** What reading refuses is not always unpacked too: that takes longest. */
  isLoaded: fc.nat(3).map((one) => one === 0),
  packedChange: fc.option(change, { freq: 4 }),
});

/** No sync: what is lost in a power cut is not at stake, and the disk belongs to others too. */
const synced: CommandResult = { ending: "exited", exitCode: 0, stdout: "", stderr: "", durationMs: 0 };

fuzz("are loaded or refused, and leave nothing behind that cannot be taken back", async ({ directory, tree }) => {
  const file = path.join(directory, "archive");
  const real = tree.host();
  const host = {
    ...real,
    run: (command: Parameters<typeof real.run>[0]) =>
      command.file === "sync" ? Promise.resolve(synced) : real.run(command),
  };
  const before = look(directory);
  const counts = { loaded: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(mutation, async ({ archive, changes, isMended, isPacked, isLoaded, packedChange }) => {
      const changed = changes.reduce(mutate, archives[archive] ?? Buffer.alloc(0));
      const bytes = isMended ? mended(changed) : changed;
      const packed = isPacked ? gzipSync(bytes, { level: 1 }) : bytes;
      fs.writeFileSync(file, packedChange && isPacked ? mutate(packed, packedChange) : packed);
      const read = await readTarball(host, { file });
      if (!read.ok && !isLoaded) return;
      const result = await loadTarball(host, { file }, { withoutSource: true, replace: true });
      if (!read.ok) assert.not(result.ok, `refused by reading alone: ${read.error.message}`);
      if (result.ok) result.value.undo.restore();
      else assert.match(result.error.message, /\S/);
      counts[result.ok ? "loaded" : "refused"] += 1;
      assert.equal(fs.readdirSync(tree.at("var/lib/dkms/.dkms-agent")), []);
      assert.equal(differences(before, look(directory)), []);
    }),
    { ...runs, includeErrorInReport: true },
  );
  assert.ok(counts.loaded > 0 && counts.refused > 0, "the mutations are neither all harmless nor all fatal");
  if (seconds > 0) process.stdout.write(`${counts.loaded} loaded, ${counts.refused} refused\n`);
});

fuzz.run();
