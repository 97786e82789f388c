import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { assemblePlan } from "../../src/plan/assemble-plan.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { planText, summaryText } from "../../src/report/plan-text.ts";
import { plainTerminal, type Terminal } from "../../src/report/terminal.ts";
import { actualState, desiredState } from "../rig/world.ts";
import type { WorldOptions } from "../rig/world-options.ts";
import { terminalOf, text, widest } from "./terminal-of.ts";

const kernels = ["6.1.0-55-amd64", "6.1.0-56-amd64"];
const options = { quiet: false, verbose: false, unlisted: "report" } as const;
const exact = (release: string) => ({ kernels: [{ kind: "exact", release }] as const });

/** Something of everything: install, rebuild, remove, blocked, not applicable, unlisted. */
function mixedPlan(): Plan {
  const desired = desiredState({
    "evdi/1.14.1": exact("6.1.0-56-amd64"),
    "ddcci/0.4.4": exact("6.1.0-55-amd64"),
    "jool/4.1.9": exact("6.1.0-56-amd64"),
    "bbswitch/0.8": exact("6.1.0-56-amd64"),
    "old/1.0": { state: "absent" },
  });
  const world: WorldOptions = {
    kernels,
    sources: {
      "evdi/1.14.1": { inTree: "source-1" },
      "ddcci/0.4.4": { inTree: "source-2" },
      "jool/4.1.9": { inTree: undefined },
      "bbswitch/0.8": { inTree: "source-1" },
    },
    modules: {
      "ddcci/0.4.4": { instances: { "6.1.0-55-amd64": { level: "installed" } } },
      "old/1.0": { instances: { "6.1.0-55-amd64": { level: "built" } } },
      "stray/2": {},
    },
    confs: { "bbswitch/0.8": { exclusion: "BUILD_EXCLUSIVE_KERNEL is ^5" } },
  };
  return assemblePlan(desired, actualState(world));
}

function textFor(plan: Plan, terminal: Terminal = plainTerminal): string {
  return planText(plan, terminal, options);
}

const told = suite("planText");

told("reads like a diff, one line per change with its reason, the summary last", () => {
  assert.is(
    textFor(mixedPlan()),
    text`
        + evdi/1.14.1@6.1.0-56-amd64/x86_64   add, build, install  it is not built for this kernel
        ~ ddcci/0.4.4@6.1.0-55-amd64/x86_64   rebuild, install     the source changed since it was built
        - old/1.0@6.1.0-55-amd64/x86_64       unbuild, remove      the document wants it absent
        ! jool/4.1.9@6.1.0-56-amd64/x86_64    blocked              there is no source [E_NO_SOURCE]
            → put it there
        · bbswitch/0.8@6.1.0-56-amd64/x86_64  not applicable       BUILD_EXCLUSIVE_KERNEL is ^5
            → nothing to do; a selector with \`not:\` leaves the kernel out

      In the DKMS tree, but in no document (left alone; see "unlisted"): stray/2

      Plan: 1 to install, 1 to rebuild, 1 to remove, 1 blocked, 1 not applicable.
    `,
  );
});

told("fits every terminal from 60 columns on, as far as names allow", () => {
  const plan = mixedPlan();
  const longestName = 49;
  fc.assert(
    fc.property(fc.integer({ min: 60, max: 200 }), (columns) => {
      assert.ok(widest(textFor(plan, terminalOf(columns, true))) <= Math.max(columns, longestName));
    }),
  );
});

told("on a narrow terminal the reason stands below", () => {
  const plan = { ...mixedPlan(), blocked: [], notApplicable: [], unlisted: [] };
  const rows = (columns: number) => textFor(plan, terminalOf(columns)).split("\n").slice(0, 3);
  assert.equal(rows(70).slice(0, 2), [
    "  + evdi/1.14.1@6.1.0-56-amd64/x86_64  add, build, install",
    "      it is not built for this kernel",
  ]);
  assert.equal(rows(57), [
    "  + evdi/1.14.1@6.1.0-56-amd64/x86_64",
    "      add, build, install: it is not built for this",
    "      kernel",
  ]);
});

told("colours change nothing but the colours", () => {
  const plan = mixedPlan();
  const coloured = textFor(plan, terminalOf(100, true));
  assert.is(stripVTControlCharacters(coloured), textFor(plan, terminalOf(100)));
  assert.match(coloured, "\u001b[32m+\u001b[39m");
});

told("says nothing to do, and that all is well", () => {
  const fine = actualState({ kernels, modules: { "evdi/1.14.1": { instances: installedOn(kernels) } } });
  const plan = assemblePlan(desiredState({ "evdi/1.14.1": {} }), fine);
  assert.is(textFor(plan), "Nothing to do: both wanted instances are as they should be.\n");
});

told("with --verbose: the places in the documents, and the steps with what they wait for", () => {
  const actual = actualState({ kernels: ["K1"], sources: { "evdi/1.14.1": { inTree: "source-1" } } });
  const plan = assemblePlan(desiredState({ "evdi/1.14.1": {} }), actual);
  assert.is(
    planText(plan, plainTerminal, { ...options, verbose: true }),
    text`
        + evdi/1.14.1@K1/x86_64  add, build, install  it is not built for this kernel
            /etc/dkms-agent/desired-state/modules.yaml:4:11

      Steps:
        1. add       evdi/1.14.1: it is not in the DKMS tree
        2. build     evdi/1.14.1@K1/x86_64 (after 1): it is not built for this kernel
        3. install   evdi/1.14.1@K1/x86_64 (after 2): it is not built for this kernel
        4. depmod    K1/x86_64 (after 3): what is installed for this kernel changes

      Plan: 1 to install.
    `,
  );
});

told("with --quiet: only what changes or is blocked", () => {
  const shown = planText(mixedPlan(), plainTerminal, { ...options, quiet: true });
  assert.equal(
    shown
      .trimEnd()
      .split("\n")
      .map((line) => line.slice(0, 4)),
    ["  + ", "  ~ ", "  - ", "  ! ", "    "],
  );
});

told("unlisted modules are told only where the documents ask for it", () => {
  assert.not.match(planText(mixedPlan(), plainTerminal, { ...options, unlisted: "ignore" }), "stray/2");
});

told("200 instances of 50 modules are 50 lines, with the kernels once", () => {
  const four = ["K1", "K2", "K3", "K4"];
  const keys = Array.from({ length: 50 }, (_, index) => `module-${index}/1.0`);
  const sources = Object.fromEntries(keys.map((key) => [key, { inTree: "source-1" }]));
  const wanted = desiredState(Object.fromEntries(keys.map((key) => [key, { kernels: [{ kind: "with-headers" }] }])));
  const lines = planText(assemblePlan(wanted, actualState({ kernels: four, sources })), plainTerminal, options);
  const rows = lines.split("\n");
  assert.match(rows[0] ?? "", /module-0\/1\.0 for 4 kernels /);
  assert.is(rows[1], "      K1, K2, K3, K4");
  assert.match(rows[2] ?? "", /module-1\/1\.0 for the same 4 kernels /);
  assert.equal(rows.slice(51), ["", "Plan: 200 to install.", ""]);
});

told("with --verbose a large plan is told in full", () => {
  const many = Array.from({ length: 40 }, (_, index) => `K${index}`);
  const actual = actualState({ kernels: many, sources: { "evdi/1.14.1": { inTree: "source-1" } } });
  const plan = assemblePlan(desiredState({ "evdi/1.14.1": {} }), actual);
  const rows = (verbose: boolean) => planText(plan, plainTerminal, { ...options, verbose }).match(/^ {2}\+ /gm)?.length;
  assert.equal([rows(false), rows(true)], [1, 40]);
});

told("a large plan says once what is the same for several kernels", () => {
  const many = Array.from({ length: 12 }, (_, index) => `6.1.${index}`);
  const actual = actualState({ kernels: many, sources: { "evdi/1.14.1": { inTree: "source-1" } } });
  const plan = assemblePlan(desiredState({ "evdi/1.14.1": {} }), actual);
  assert.is(
    textFor(plan),
    text`
        + evdi/1.14.1 for 12 kernels  add, build, install  it is not built for this kernel
            6.1.0, 6.1.1, 6.1.2, 6.1.3, 6.1.4, 6.1.5, 6.1.6, 6.1.7, 6.1.8, 6.1.9, 6.1.10, 6.1.11

      Plan: 12 to install.
    `,
  );
});

told("a kernel without headers is said once for all its modules", () => {
  const names = Array.from({ length: 12 }, (_, index) => `m${index}/1`);
  const sources = Object.fromEntries(names.map((name) => [name, { inTree: "source-1" }]));
  const actual = actualState({ kernels: [{ release: "K1", headers: undefined }], sources });
  const plan = assemblePlan(desiredState(Object.fromEntries(names.map((name) => [name, {}]))), actual);
  assert.match(
    textFor(plan),
    /^ {2}! 12 modules for K1\/x86_64 {2}blocked {2}the headers of kernel K1 are not installed/,
  );
});

told("an object that was changed by hand is installed again", () => {
  const instances = { K1: { level: "installed", problems: ["installed-differs"] } } as const;
  const actual = actualState({ modules: { "evdi/1.14.1": { instances } } });
  const plan = assemblePlan(desiredState({ "evdi/1.14.1": {} }), actual);
  assert.match(textFor(plan), /^ {2}~ evdi\/1\.14\.1@K1\/x86_64 {2}reinstall {2}/);
});

told("depmod alone is told as such", () => {
  const actual = actualState({ depmodOwed: ["K1"] });
  const plan = assemblePlan(desiredState({}), actual);
  assert.match(textFor(plan), /^ {2}> K1\/x86_64 {2}depmod {2}an earlier run ended before depmod/);
  assert.match(textFor(plan), "Plan: 1 other change.");
});
told.run();

const summary = suite("summaryText");
const none = {
  ...{ install: 0, rebuild: 0, build: 0, uninstall: 0, remove: 0, other: 0 },
  ...{ blocked: 0, notApplicable: 0, unchanged: 0 },
};

summary("blocked alone is not nothing to do", () => {
  assert.is(
    summaryText({ ...none, blocked: 2, unchanged: 1 }, plainTerminal),
    "Plan: nothing to do, 2 blocked, 1 unchanged.",
  );
});

summary("what is not applicable is mentioned, and no reason to worry", () => {
  const told = summaryText({ ...none, notApplicable: 1, unchanged: 6 }, plainTerminal);
  assert.is(told, "Nothing to do: all 6 wanted instances are as they should be (1 not applicable).");
});

summary("counts in the order in which a plan shows them", () => {
  const counts = { ...none, install: 1, rebuild: 2, build: 3, uninstall: 4, remove: 5, other: 2 };
  const expected = "Plan: 1 to install, 3 to build, 2 to rebuild, 4 to uninstall, 5 to remove, 2 other changes.";
  assert.is(summaryText(counts, plainTerminal), expected);
});

summary("nobody wants anything", () => {
  assert.match(summaryText(none, plainTerminal), /^Nothing to do: no instance is wanted here/);
});
summary.run();

function installedOn(releases: readonly string[]) {
  return Object.fromEntries(releases.map((release) => [release, { level: "installed" } as const]));
}
