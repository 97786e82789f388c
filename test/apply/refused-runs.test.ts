import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { openJournal } from "../../src/apply/journal.ts";
import { journalLines, journalRuns } from "../../src/apply/journal-runs.ts";
import { noteRefusedRun, readJournal } from "../../src/apply/refused-runs.ts";
import { journalFile, refusedRunsDirectory } from "../../src/dkms/state-layout.ts";
import type { Host } from "../../src/host/host.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";

const refused = suite<{ tree: TreeBuilder; host: Host; now: { at: number } }>("noteRefusedRun");
refused.before.each((context) => {
  context.tree = dkmsTree();
  context.now = { at: 0 };
  context.host = context.tree.host({ clock: () => new Date(Date.UTC(2026, 0, 2, 3, 4, context.now.at++)) });
});
refused.after.each(({ tree }) => tree.remove());

const facts = { caller: { uid: 0, user: "root", login: undefined }, command: "apply", toolVersion: "1" };
const run = { ...facts, engine: "builtin" };
const quietEnd = { steps: [], changes: [], changed: false, interrupted: false, remaining: undefined, durationMs: 1 };

function note(host: Host, code: string, more: object = {}): void {
  noteRefusedRun(host, { facts: { ...run, ...more }, refusal: { code, message: "no", exitCode: 65 } });
}

/** `code count` of each run, `-` for one with nothing to do. */
function told(host: Host): readonly string[] {
  const runs = journalRuns(journalLines(readJournal(host)));
  return runs.map(({ refused: why, count }) => `${why?.code ?? "-"} ${count}`);
}

refused("is told as any other run, with what it was about; the same again is counted", ({ host }) => {
  for (const code of ["E_A", "E_B", "E_A", "E_A"]) note(host, code);
  note(host, "E_A", { filter: { modules: [{ name: "demo", version: "1" }], kernel: "6.1" } });
  assert.equal(told(host), ["E_B 1", "E_A 3", "E_A 1"]);
  const [, one, other] = journalRuns(journalLines(readJournal(host)));
  assert.equal([one?.since, one?.isApply, one?.caller?.user], ["2026-01-02T03:04:00.000Z", true, "root"]);
  assert.equal(other?.scope, { modules: ["demo/1"], kernel: "6.1" });
  assert.is(fs.existsSync(journalFile(host.paths)), false, "whoever holds the lock may be writing to it");
});

refused("the next run that holds the lock takes it into the journal, before what it does itself", ({ host }) => {
  note(host, "E_A");
  note(host, "E_A");
  openJournal(host, run).end(quietEnd);
  assert.equal(told(host), ["E_A 2", "- 1"]);
  assert.equal(host.files.list(refusedRunsDirectory(host.paths)), []);
  note(host, "E_A");
  assert.equal(told(host), ["- 1", "E_A 3"], "as if they were one after the other");
  openJournal(host, run).end(quietEnd);
  assert.equal(told(host), ["E_A 3", "- 2"]);
});

refused("is neither lost nor doubled by a kill while it is taken in", ({ host }) => {
  for (const stage of ["append", "remove"] as const) {
    note(host, "E_A");
    const kill = () => {
      throw new Error("killed");
    };
    assert.throws(() => openJournal({ ...host, files: { ...host.files, [stage]: kill } }, run), /killed/);
    note(host, "E_B");
  }
  assert.equal(told(host), ["E_A 2", "E_B 2"]);
  openJournal(host, run).end(quietEnd);
  assert.equal(told(host), ["E_A 2", "E_B 2", "- 1"]);
  assert.equal(host.files.list(refusedRunsDirectory(host.paths)), []);
});

refused("what cannot be taken in now waits, and keeps no run from its work", ({ host }) => {
  note(host, "E_A");
  let isBroken = true;
  const append: Host["files"]["append"] = (...given) => {
    if (!isBroken) return host.files.append(...given);
    isBroken = false;
    throw Object.assign(new Error("full"), { code: "ENOSPC", syscall: "write" });
  };
  openJournal({ ...host, files: { ...host.files, append } }, run).end(quietEnd);
  assert.equal(told(host), ["- 1", "E_A 1"]);
  openJournal(host, run).end(quietEnd);
  assert.equal(told(host), ["E_A 1", "- 2"]);
});

refused("is written again if whoever takes the lock clears it away half written", ({ host }) => {
  let isCleared = false;
  const writeAtomic: Host["files"]["writeAtomic"] = (...given) => {
    if (isCleared) return host.files.writeAtomic(...given);
    isCleared = true;
    throw Object.assign(new Error("gone"), { code: "ENOENT", syscall: "rename" });
  };
  note({ ...host, files: { ...host.files, writeAtomic } }, "E_A");
  assert.equal(told(host), ["E_A 1"]);
});

refused("of very many different ones the oldest go; what somebody else has put there stays", ({ host }) => {
  const directory = refusedRunsDirectory(host.paths);
  fs.mkdirSync(`${directory}/mine/${"0".repeat(32)}`, { recursive: true });
  fs.writeFileSync(`${directory}/${"f".repeat(32)}`, "no line");
  fs.utimesSync(`${directory}/${"f".repeat(32)}`, 1, 1);
  for (let at = 1; at <= 102; at += 1) note(host, `E_${at}`);
  assert.is(told(host).length, 100);
  assert.ok(told(host).includes("E_102 1"));
  openJournal(host, run).end(quietEnd);
  assert.is(told(host).length, 101);
  assert.equal(fs.readdirSync(directory), ["mine"]);
});

refused.run();
