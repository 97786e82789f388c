import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ChangeResult } from "../../src/apply/outcome.ts";
import { fail } from "../../src/dkms/failure.ts";
import { instanceAddress } from "../../src/dkms/id.ts";
import { resultsTable } from "../../src/report/results-table.ts";
import { plainTerminal } from "../../src/report/terminal.ts";
import { terminalOf, widest } from "./terminal-of.ts";

function ended(name: string, release: string, more: Partial<ChangeResult> = {}): ChangeResult {
  const address = instanceAddress({ module: { name, version: "1.0" }, kernel: { release, arch: "x86_64" } });
  return {
    address,
    actions: ["build", "install", "depmod"],
    before: "added",
    after: "installed",
    result: "done",
    failure: undefined,
    durationMs: 1234,
    ...more,
  };
}

const failed = { result: "failed", failure: fail("E_MAKE", "no").error } as const;
const table = suite("resultsTable");

table("one line for each change: what became of it, and how long it took", () => {
  const changes = [
    ended("evdi", "K1"),
    ended("evdi", "K2", { before: "installed", actions: ["build", "install"] }),
    ended("jool", "K1", failed),
    ended("jool", "K2", { result: "skipped", durationMs: 0 }),
    ended("ddcci", "K1", { result: "undone" }),
    ended("ddcci", "K2", { result: "unchanged" }),
  ];
  assert.equal(resultsTable(changes, plainTerminal).split("\n"), [
    "  + evdi/1.0@K1/x86_64   added → installed       1.2 s",
    "  + evdi/1.0@K2/x86_64   rebuild, install: done  1.2 s",
    "  ! jool/1.0@K1/x86_64   failed [E_MAKE]         1.2 s",
    "  - jool/1.0@K2/x86_64   not done",
    "  - ddcci/1.0@K1/x86_64  taken back              1.2 s",
    "  = ddcci/1.0@K2/x86_64  was so already          1.2 s",
    "",
  ]);
  assert.not.match(resultsTable(changes, terminalOf(50)), "1.2 s", "the time is the first thing to do without");
});

table("what ended in the same way is said once where there is much of it", () => {
  const kernels = Array.from({ length: 200 }, (_, index) => `K${index}`);
  const changes = kernels.map((release) => ended("evdi", release, release === "K7" ? failed : {}));
  const shown = resultsTable(changes, terminalOf(80));
  assert.match(shown, "evdi/1.0 for 199 kernels");
  assert.match(shown, /! evdi\/1\.0@K7\/x86_64 +failed \[E_MAKE\]/);
  assert.ok(widest(shown) <= 80);
});

table.run();
