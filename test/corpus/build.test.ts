import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { corpusPackages } from "../rig/corpus.ts";
import { type Contestant, type Course, type Finish, runCourse } from "../rig/corpus-run.ts";
import { machine } from "../rig/machine.ts";
import { type PartsOf, testNeeding } from "../rig/test-needing.ts";
import { lineDifferences } from "../rig/written.ts";

const parts = ["corpus", "dkms", "linux-image", "gcc", "make", "kmod", "patch", "unshare", "openssl", "root"] as const;
const cli = path.join(import.meta.dirname, "../../dist/cli.cjs");
const ours: Contestant = [process.execPath, cli, "dkms"];

const building = suite("real packages, built and installed by both commands");
const top = fs.mkdtempSync(path.join(os.tmpdir(), "dkms-agent-keys-"));
const table: string[] = [];
building.after(() => {
  fs.rmSync(top, { recursive: true });
  process.stdout.write(`\n${table.join("\n")}\n`);
});

/** One pair of keys for all, made the way dell/dkms makes it. */
function courseOf(part: PartsOf<(typeof parts)[number]>): Course {
  const keys = path.join(top, "keys");
  if (!fs.existsSync(keys)) {
    const maker = machine();
    maker.run([...part("dkms").command, "generate_mok"]);
    fs.cpSync(maker.at("/var/lib/dkms"), keys, { recursive: true });
    maker.remove();
  }
  return { image: part("linux-image"), keys };
}

testNeeding(building, parts, "are a third of what Debian has, or all", () => {
  assert.ok(corpusPackages().length >= 10);
});

for (const one of corpusPackages()) {
  testNeeding(building, parts, `${one.package}: the same exit codes, the same files to the byte`, (part) => {
    const course = courseOf(part);
    const theirs = runCourse(part("dkms").command, one, course);
    const own = runCourse(ours, one, course);
    table.push(rowOf(one.package, theirs, own));
    assert.is(own.exitCodes, theirs.exitCodes, `${own.complaint}\n-- dell/dkms:\n${theirs.complaint}`);
    assert.is(lineDifferences(theirs.files, own.files).join("\n"), "");
    assert.is(own.status, theirs.status);
  });
}

function rowOf(name: string, theirs: Finish, own: Finish): string {
  const same = own.files.filter((line) => theirs.files.includes(line));
  const count = (lines: readonly string[]) =>
    lines.filter((line) => /\/var\/lib\/dkms.*\.ko(\.\w+)? /.test(line)).length;
  const objects = `${count(same)} of ${count(theirs.files)} objects the same`;
  const seconds = `${theirs.seconds.toFixed(1).padStart(6)} s, ours ${own.seconds.toFixed(1).padStart(6)} s`;
  const codes = own.exitCodes === theirs.exitCodes ? own.exitCodes : `${theirs.exitCodes}; ours ${own.exitCodes}`;
  return `${name.padEnd(26)} ${objects.padEnd(30)} dell/dkms ${seconds}   ${codes}`;
}

building.run();
