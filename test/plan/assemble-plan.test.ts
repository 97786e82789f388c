import { suite } from "uvu";
import * as assert from "uvu/assert";
import { assemblePlan } from "../../src/plan/assemble-plan.ts";
import { noFilter } from "../../src/plan/resolve-wanted.ts";
import { actualState, desiredState, listed } from "../rig/world.ts";
import type { WorldOptions } from "../rig/world-options.ts";

type Entries = Parameters<typeof desiredState>[0];

function plan(world: WorldOptions, entries: Entries, unlisted: "report" | "ignore" | "prune" = "report") {
  return assemblePlan(desiredState(entries, unlisted), actualState(world));
}

function steps(world: WorldOptions, entries: Entries, unlisted: "report" | "prune" = "report"): string[] {
  return plan(world, entries, unlisted).steps.map(({ id }) => id.replaceAll("/x86_64", ""));
}

function reasons(world: WorldOptions, entries: Entries): string[] {
  return plan(world, entries).steps.map(({ kind, reason }) => `${kind} ${reason.code}`);
}

function blocks(world: WorldOptions, entries: Entries): string[] {
  return plan(world, entries).blocked.map(({ address, reason }) => `${address.replaceAll("/x86_64", "")} ${reason}`);
}

const present = (level: "built" | "installed", more = {}) => ({ instances: { K1: { level, ...more } } });
const inTree = { sources: { "a/1": { inTree: "source-1" } } };

const rows = suite("assemblePlan, what is wanted against what is found");

rows("installed, nothing there but the source: add, build, install, one depmod", () => {
  assert.equal(steps(inTree, { "a/1": {} }), ["add:a/1", "build:a/1@K1", "install:a/1@K1", "depmod:K1"]);
});

rows("one depmod per kernel, after everything of that kernel", () => {
  const { steps: all } = plan(
    { kernels: ["K1", "K2"], sources: { "a/1": { inTree: "s" }, "b/1": { inTree: "s" } } },
    { "a/1": {}, "b/1": {} },
  );
  const depmods = all.filter(({ kind }) => kind === "depmod");
  assert.equal(
    depmods.map(({ dependsOn }) => dependsOn),
    [
      ["install:a/1@K1/x86_64", "install:b/1@K1/x86_64"],
      ["install:a/1@K2/x86_64", "install:b/1@K2/x86_64"],
    ],
  );
});

rows("no depmod for a kernel that has no modules.dep", () => {
  const world = { ...inTree, kernels: [{ release: "K1", hasModulesDep: false }] };
  assert.equal(steps(world, { "a/1": {} }), ["add:a/1", "build:a/1@K1", "install:a/1@K1"]);
});

rows("installed, built and fresh: install", () => {
  assert.equal(steps({ modules: { "a/1": present("built") } }, { "a/1": {} }), ["install:a/1@K1", "depmod:K1"]);
});

rows("installed, installed with the same content: nothing", () => {
  const result = plan({ modules: { "a/1": present("installed") } }, { "a/1": {} });
  assert.equal(result.steps, []);
  assert.is(result.summary.unchanged, 1);
});

for (const problem of ["installed-differs", "installed-missing"] as const) {
  rows(`installed, ${problem}: install again, and nothing is built`, () => {
    const world = { modules: { "a/1": present("installed", { problems: [problem] }) } };
    assert.equal(reasons(world, { "a/1": {} }), [`install ${problem}`, "depmod kernel-changed"]);
  });
}

for (const [input, code] of [
  ["source", "source-changed"],
  ["conf", "conf-changed"],
  ["headers", "headers-changed"],
  ["compiler", "compiler-changed"],
] as const) {
  rows(`installed from another ${input}: build beside it, then install`, () => {
    const world = { modules: { "a/1": present("installed", { inputs: { [input]: "old" } }) } };
    assert.equal(reasons(world, { "a/1": {} }), [`build ${code}`, `install ${code}`, "depmod kernel-changed"]);
    const [build] = plan(world, { "a/1": {} }).steps;
    assert.is(build?.kind === "build" && build.replace, true);
  });
}

for (const problem of ["wrong-vermagic", "object-missing"] as const) {
  rows(`installed, ${problem}: build it again`, () => {
    const world = { modules: { "a/1": present("installed", { problems: [problem] }) } };
    assert.equal(reasons(world, { "a/1": {} }), [`build ${problem}`, `install ${problem}`, "depmod kernel-changed"]);
  });
}

rows("a build by dell/dkms has no record and is adopted as it is", () => {
  const world = { modules: { "a/1": present("installed", { inputs: "none" }) } };
  assert.equal(steps(world, { "a/1": {} }), []);
});

rows("the source that the document names differs: copied, rebuilt, installed", () => {
  const world = {
    modules: { "a/1": present("installed") },
    sources: { "a/1": { inTree: "source-1", given: "source-2" } },
  };
  assert.equal(reasons(world, { "a/1": { source: "/srv/a" } }), [
    "add source-changed",
    "build source-changed",
    "install source-changed",
    "depmod kernel-changed",
  ]);
});

rows("version 2 wanted, version 1 installed: build 2, then one step that replaces 1", () => {
  const world = { modules: { "a/1": present("installed") }, sources: { "a/2": { inTree: "source-1" } } };
  assert.equal(steps(world, { "a/2": {} }), ["add:a/2", "build:a/2@K1", "install:a/2@K1", "depmod:K1"]);
  const install = plan(world, { "a/2": {} }).steps.find(({ kind }) => kind === "install");
  assert.equal(install?.kind === "install" && install.replaces, [{ name: "a", version: "1" }]);
});

rows("the replaced version is pruned only after its successor is installed", () => {
  const world = { modules: { "a/1": present("installed") }, sources: { "a/2": { inTree: "source-1" } } };
  const { steps: all } = assemblePlan(desiredState({ "a/2": {} }, "prune"), actualState(world));
  const unbuild = all.find(({ kind }) => kind === "unbuild");
  assert.equal(unbuild?.dependsOn, ["install:a/2@K1/x86_64"]);
  assert.not(all.some(({ kind }) => kind === "uninstall"));
});

rows("the old version is not pruned from a kernel where the new one is blocked", () => {
  const world = {
    kernels: [{ release: "K1", headers: undefined }],
    modules: { "a/1": present("installed") },
    sources: { "a/2": { inTree: "source-1" } },
  };
  assert.equal(steps(world, { "a/2": {} }, "prune"), []);
});

rows("built, installed now: uninstall, depmod", () => {
  const world = { modules: { "a/1": present("installed") } };
  assert.equal(steps(world, { "a/1": { state: "built" } }), ["uninstall:a/1@K1", "depmod:K1"]);
});

rows("built, installed now from another source: built first, and only then taken away", () => {
  const world = { modules: { "a/1": present("installed", { inputs: { source: "old" } }) } };
  const { steps: all } = plan(world, { "a/1": { state: "built" } });
  assert.equal(
    all.map(({ kind }) => kind),
    ["build", "uninstall", "depmod"],
  );
  assert.equal(all[1]?.dependsOn, ["build:a/1@K1/x86_64"]);
});

rows("added, built or installed now: uninstall, unbuild, depmod", () => {
  const world = {
    kernels: ["K1", "K2"],
    modules: { "a/1": { instances: { K1: { level: "installed" }, K2: { level: "built" } } } },
  } as const;
  assert.equal(steps(world, { "a/1": { state: "added" } }), [
    "uninstall:a/1@K1",
    "unbuild:a/1@K1",
    "unbuild:a/1@K2",
    "depmod:K1",
  ]);
});

const gone = ["uninstall:a/1@K1", "unbuild:a/1@K1", "remove:a/1", "depmod:K1"];

rows("absent: uninstall, unbuild, remove, depmod; also for every version", () => {
  const world = { modules: { "a/1": present("installed") } };
  assert.equal(steps(world, { "a/1": { state: "absent" } }), gone);
  assert.equal(steps(world, { "a/*": { state: "absent" } }), gone);
});

rows("unlisted: removed with prune, only reported otherwise", () => {
  const world = { modules: { "a/1": present("installed") } };
  assert.equal(steps(world, {}, "prune"), gone);
  const reported = plan(world, {});
  assert.equal(reported.steps, []);
  assert.equal(reported.unlisted, ["a/1"]);
});

rows("one initramfs per kernel that has one, after what changes in it and after depmod", () => {
  const world: WorldOptions = {
    kernels: ["K1", "K2", "K3"],
    sources: { "a/1": { inTree: "s" }, "b/1": { inTree: "s" } },
    initramfs: { K1: {}, K2: "none" },
  };
  const { steps: all, changes } = plan(world, { "a/1": { initramfs: true }, "b/1": {} });
  const [made, ...others] = all.filter(({ kind }) => kind === "initramfs");
  assert.equal(others, []);
  assert.equal(made?.dependsOn, ["build:a/1@K1/x86_64", "install:a/1@K1/x86_64", "depmod:K1/x86_64"]);
  assert.equal(
    changes.filter(({ actions }) => actions.includes("initramfs")).map(({ address }) => address),
    ["a/1@K1/x86_64"],
  );
});

rows("an initramfs: made again if it does not hold what is installed, or still holds what is not", () => {
  const world = (initramfs: NonNullable<WorldOptions["initramfs"]>) => ({
    modules: { "a/1": present("installed") },
    initramfs,
  });
  const wish = { "a/1": { initramfs: true } };
  const made = ["initramfs:K1"];
  assert.equal(steps(world({ K1: { a: true } }), wish), []);
  assert.equal(steps(world({ K1: {} }), wish), made);
  assert.equal(steps(world({ K1: { a: false } }), wish), made);
  assert.equal(steps(world({ K1: { a: true, gone: false } }), wish), made);
  assert.equal(steps(world({ K1: {} }), { "a/1": {} }), [], "nobody asks for it");
  assert.equal(
    plan(world({ K1: {} }), wish).changes.map(({ address, drift }) => `${address} ${drift}`),
    ["K1/x86_64 first_seen"],
  );
});

rows("an initramfs: left to who makes it next, and a warning where nobody can", () => {
  const world: WorldOptions = { modules: { "a/1": present("built") }, initramfs: { K1: "none" } };
  const desired = desiredState({ "a/1": { initramfs: true } });
  const left = assemblePlan(desired, actualState(world), { ...noFilter, leavesInitramfs: true });
  assert.equal(
    left.steps.flatMap((step) => (step.kind === "initramfs" ? [[step.left, step.names]] : [])),
    [[true, ["a"]]],
  );
  const hindered = plan(
    { ...world, initramfs: { K1: {} }, initramfsHindrance: "there is nothing to make it" },
    { "a/1": { initramfs: true } },
  );
  assert.equal(
    hindered.steps.map(({ kind }) => kind),
    ["install", "depmod"],
  );
  assert.match(hindered.diagnostics[0]?.message ?? "", "of K1 is not made again: there is nothing to make it");
});

rows("an initramfs: not asked for again what its maker has refused, until something changes in it", () => {
  const world: WorldOptions = {
    modules: { "a/1": present("installed"), "b/1": present("installed") },
    initramfs: { K1: { a: false } },
    initramfsPending: { K1: { declined: { text: "it has left it as it was", remedy: "mend that" } } },
  };
  const wish = { "a/1": { initramfs: true } };
  const refused = plan(world, wish);
  assert.equal(refused.steps, []);
  assert.equal(
    refused.diagnostics.map(({ code, message, hint }) => [code, message, hint]),
    [["W_INITRAMFS", "The initramfs of K1 is not made again: it has left it as it was", "mend that"]],
  );
  const made = ["initramfs:K1"];
  assert.equal(steps(world, { ...wish, "b/1": { initramfs: true } }), made, "another module is to be in it");
  const retried = assemblePlan(desiredState(wish), actualState(world), { ...noFilter, retry: true });
  assert.equal(
    retried.steps.map(({ id }) => id),
    ["initramfs:K1/x86_64"],
  );
  assert.equal(steps({ ...world, modules: { "a/1": present("built") } }, wish), [
    "install:a/1@K1",
    "depmod:K1",
    ...made,
  ]);
});

rows("an initramfs: noted once for whoever makes it next", () => {
  const world = (pending: boolean): WorldOptions => ({
    modules: { "a/1": present("installed") },
    initramfs: { K1: { a: false } },
    initramfsPending: pending ? { K1: { declined: undefined } } : {},
  });
  const desired = desiredState({ "a/1": { initramfs: true } });
  const left = (pending: boolean) =>
    assemblePlan(desired, actualState(world(pending)), { ...noFilter, leavesInitramfs: true }).steps.length;
  assert.equal([left(false), left(true)], [1, 0]);
  assert.equal(steps(world(true), { "a/1": { initramfs: true } }), ["initramfs:K1"], "nobody has made it");
});

rows("a kernel that leaves takes along what is listed or ours, and no module as a whole", () => {
  const both = (more = {}) => ({
    instances: { K1: { level: "installed" as const, ...more }, K2: { level: "built" as const } },
  });
  const world: WorldOptions = {
    kernels: ["K1", "K2"],
    modules: { "a/1": both(), "b/1": both(), "c/1": present("installed"), "d/1": both({ inputs: "none" as const }) },
    protectedModules: ["a/1"],
    runningKernel: "K1",
    sources: { "a/1": { inTree: "s" }, "c/1": { inTree: "s" } },
  };
  const desired = desiredState({ "a/1": {}, "c/1": { state: "absent" }, "e/1": {} }, "prune");
  const leaving = assemblePlan(desired, actualState(world), { ...noFilter, kernel: "K1", leaving: true });
  assert.equal(
    leaving.steps.map(({ id, reason }) => `${id.replaceAll("/x86_64", "")} ${reason.code}`),
    [
      ...["a/1", "b/1", "c/1"].flatMap((id) => [`uninstall:${id}@K1 kernel-leaves`, `unbuild:${id}@K1 kernel-leaves`]),
      "depmod:K1 kernel-changed",
    ],
  );
  assert.equal(leaving.diagnostics, []);
  assert.equal(leaving.blocked, [], "nothing is wanted for it");
});

rows("an object name goes from a module that leaves to one that comes, without a moment of both or of neither", () => {
  const world: WorldOptions = {
    modules: { "z/1": present("installed") },
    sources: { "a/1": { inTree: "source-1" }, "z/1": { inTree: "source-1" } },
    confs: { "a/1": { objects: ["z"] } },
  };
  const { steps: all } = plan(world, { "a/1": {}, "z/1": { state: "absent" } });
  assert.equal(
    all.map(({ id }) => id.replaceAll("/x86_64", "")),
    ["add:a/1", "build:a/1@K1", "uninstall:z/1@K1", "install:a/1@K1", "unbuild:z/1@K1", "remove:z/1", "depmod:K1"],
  );
});

rows("nothing is pruned on the strength of an incomplete scan", () => {
  const result = plan({ modules: { "a/1": present("installed") }, complete: false }, {}, "prune");
  assert.equal(result.steps, []);
  assert.equal(
    result.diagnostics.map(({ code }) => code),
    ["W_UNREADABLE", "W_NOT_PRUNED"],
  );
});

for (const link of ["dangling", "missing"] as const) {
  rows(`${link} source link: repaired where the source is, blocked where it is not`, () => {
    const modules = { "a/1": { link, instances: { K1: { level: "installed" } } } } as const;
    assert.equal(steps({ modules, ...inTree }, { "a/1": {} }), ["repair:a/1"]);
    const without = { modules, sources: { "a/1": {} } };
    assert.equal(steps(without, { "a/1": {} }), []);
    assert.equal(blocks(without, { "a/1": {} }), ["a/1@K1 no-source"]);
  });
}

rows("what a killed run left behind is cleared", () => {
  const modules = { "a/1": { ...present("installed"), leftovers: ["/var/lib/dkms/a/1/K1/.tmp_x86_64_1"] } } as const;
  assert.equal(reasons({ modules }, { "a/1": {} }), ["repair leftovers"]);
});

rows("what a killed run left of a package is swept up first, if any version of it is named, also as absent", () => {
  const strays = ["a", "other"];
  assert.equal(reasons({ strays }, { "a/1": { state: "absent" } }), ["sweep leftovers"]);
  const raising = plan({ ...inTree, strays }, { "a/1": {} }).steps;
  assert.equal(
    raising.filter(({ kind, dependsOn }) => kind !== "depmod" && !dependsOn.includes("sweep:a")).map(({ id }) => id),
    ["sweep:a"],
  );
  const lowering = plan({ modules: { "a/1": present("installed") }, strays }, { "a/*": { state: "absent" } }).steps;
  assert.equal(
    lowering.filter(({ kind, dependsOn }) => kind !== "depmod" && !dependsOn.includes("sweep:a")).map(({ id }) => id),
    ["sweep:a"],
  );
});

rows("what a killed run left of a package that nobody names is swept up only if it is pruned", () => {
  assert.equal(steps({ strays: ["a"] }, {}), []);
  assert.equal(steps({ strays: ["a"] }, {}, "prune"), ["sweep:a"]);
  assert.equal(steps({ strays: ["a"], complete: false }, {}, "prune"), []);
});

rows("a build that was left aside is put back: made anew where it is wanted, and taken away where it is not", () => {
  const modules = { "a/1": { displaced: ["K1"] } };
  const build = plan({ modules, ...inTree }, { "a/1": {} }).steps.find(({ kind }) => kind === "build");
  assert.equal(build?.kind === "build" && [build.replace, build.dependsOn], [true, ["repair:a/1"]]);
  const away = ["repair:a/1", "uninstall:a/1@K1", "unbuild:a/1@K1"];
  const after = (state: "added" | "absent") => steps({ modules, ...inTree }, { "a/1": { state } });
  assert.equal(after("added"), [...away, "depmod:K1"]);
  assert.equal(after("absent"), [...away, "remove:a/1", "depmod:K1"]);
  assert.equal(steps({ modules }, {}, "prune"), [...away, "remove:a/1", "depmod:K1"]);
  assert.equal(steps({ modules, strays: ["a"] }, {}, "prune").slice(0, 2), ["repair:a/1", "sweep:a"]);
});

rows("excluded by dkms.conf: not applicable, and no step", () => {
  const result = plan({ ...inTree, confs: { "a/1": { exclusion: "it wants CONFIG_X" } } }, { "a/1": {} });
  assert.equal(result.steps, []);
  assert.equal(
    result.notApplicable.map(({ text }) => text),
    ["it wants CONFIG_X"],
  );
});

rows("depmod is made up for when an earlier run did not come to it", () => {
  const world = { modules: { "a/1": present("installed") }, depmodOwed: ["K1"] };
  assert.equal(reasons(world, { "a/1": {} }), ["depmod depmod-owed"]);
});

rows("depmod runs where modules.dep does not name what is wanted and installed, and nowhere else", () => {
  const world = {
    kernels: ["K1", "K2"],
    modules: { "a/1": present("installed"), "b/1": present("installed") },
    depmodBehind: { "a/1@K1": "updates/dkms/a.ko", "b/1@K2": "updates/dkms/b.ko" },
  };
  const kernels = [{ kind: "exact" as const, release: "K1" }];
  const mended = plan(world, { "a/1": { kernels } });
  assert.equal(
    mended.changes.map(({ address, actions, reason, drift }) => [address, actions, reason, drift]),
    [
      [
        "K1/x86_64",
        ["depmod"],
        { code: "depmod-behind", text: "modules.dep does not name updates/dkms/a.ko, which is installed" },
        "first_seen",
      ],
    ],
  );
  assert.equal(steps(world, { "a/1": { state: "built", kernels } }), ["uninstall:a/1@K1", "depmod:K1"]);
  const without = { ...world, kernels: [{ release: "K1", hasModulesDep: false }, "K2"] };
  assert.equal(steps(without, { "a/1": { kernels } }), []);
});

rows.run();

const blocked = suite("assemblePlan, blocked instances");

blocked("no headers, no kernel, no toolchain, no source, no binary, invalid dkms.conf", () => {
  const none = { kernels: [{ release: "K1", headers: undefined }] };
  assert.equal(blocks({ ...inTree, ...none }, { "a/1": {} }), ["a/1@K1 no-headers"]);
  const elsewhere = { "a/1": { kernels: [{ kind: "exact", release: "9.9" }] } } as const;
  const prospects = actualState({ ...inTree, kernels: ["K1", "9.9"] }).prospects;
  const actual = { ...actualState(inTree), prospects };
  const missing = assemblePlan(desiredState(elsewhere), actual).blocked;
  assert.equal(
    missing.map(({ reason }) => reason),
    ["no-kernel"],
  );
  assert.match(missing[0]?.remedy ?? "", "correct the release in the document: there is K1");
  assert.equal(blocks({ ...inTree, missingTools: ["make"] }, { "a/1": {} }), ["a/1@K1 no-toolchain"]);
  assert.equal(blocks({ sources: { "a/1": {} } }, { "a/1": {} }), ["a/1@K1 no-source"]);
  assert.equal(blocks({ sources: { "a/1": { given: "missing" } } }, { "a/1": {} }), ["a/1@K1 no-source"]);
  assert.equal(blocks(inTree, { "a/1": { build: "never" } }), ["a/1@K1 no-binary"]);
  assert.equal(blocks({ ...inTree, confs: { "a/1": { invalid: "no name" } } }, { "a/1": {} }), ["a/1@K1 invalid-conf"]);
  assert.equal(blocks({ sources: { "a/1": {} } }, { "a/1": { state: "added" } }), ["a/1 no-source"]);
});

blocked("what failed before from the same inputs, until its next try is due; what needs no build is not", () => {
  const date = new Date("2026-01-01T00:00:00Z");
  const failure = { code: "E_MAKE", message: "make ended with 2.", attempts: 3, failedAt: date, nextTry: date };
  const failedBefore = { "a/1@K1": failure };
  const [instance] = assemblePlan(desiredState({ "a/1": {} }), actualState({ ...inTree, failedBefore })).blocked;
  assert.is(instance?.reason, "failed-before");
  assert.match(instance?.text ?? "", /3 times.*make ended with 2\. \[E_MAKE\]/);
  assert.match(instance?.remedy ?? "", /^change one of them, .* --retry.*2026-01-01 00:00:00Z$/);
  const byDepmod = { "a/1@K1": { ...failure, code: "E_DEPMOD" } };
  const [other] = assemblePlan(desiredState({ "a/1": {} }), actualState({ ...inTree, failedBefore: byDepmod })).blocked;
  assert.match(other?.remedy ?? "", /^mend what depmod complains of, and try at once with --retry/);
  assert.equal(blocks({ modules: { "a/1": present("built") }, failedBefore }, { "a/1": {} }), []);
});

blocked("what is installed for a kernel that has gone cannot be repaired there", () => {
  const gone = { "a/1": { kernels: [{ kind: "exact", release: "9.9" }] } } as const;
  const withIt = {
    ...inTree,
    kernels: ["K1", "9.9"],
    modules: { "a/1": { instances: { "9.9": { level: "built" } } } },
  } as const;
  const { kernels } = actualState(inTree);
  const result = assemblePlan(desiredState(gone), { ...actualState(withIt), kernels });
  assert.equal(
    result.blocked.map(({ reason }) => reason),
    ["no-kernel"],
  );
  assert.equal(result.steps, []);
});

blocked("what is built already needs neither headers nor toolchain to be installed", () => {
  const world = {
    kernels: [{ release: "K1", headers: undefined }],
    missingTools: ["make"],
    modules: { "a/1": present("built") },
  };
  assert.equal(steps(world, { "a/1": {} }), ["install:a/1@K1", "depmod:K1"]);
});

blocked("one blocked instance does not hold up the others", () => {
  const world = { ...inTree, kernels: ["K1", { release: "K2", headers: undefined }] };
  assert.equal(steps(world, { "a/1": {} }), ["add:a/1", "build:a/1@K1", "install:a/1@K1", "depmod:K1"]);
  assert.equal(blocks(world, { "a/1": {} }), ["a/1@K2 no-headers"]);
});

blocked.run();

const tarballs = suite("assemblePlan, archives that a document lists");

const binary = { sha256: "t1", kernels: ["K1"] };
const nothingThere = { sources: { "a/1": {} }, tarballs: { "a/1": [binary] } };
const lists = { "a/1": { tarballs: listed("t1") } };
const loaded = { ...present("installed", { tarball: "t1" }) };
const confOnly = { sources: { "a/1": { inTree: "conf", confOnly: true, tarball: "t1" } } };

tarballs("a binary for the kernel, nothing there: dkms.conf from the archive, load, install, depmod", () => {
  const load = ["add:a/1", "load-tarball:a/1@K1", "install:a/1@K1", "depmod:K1"];
  assert.equal(steps(nothingThere, lists), load);
  assert.equal(steps(nothingThere, { "a/1": { tarballs: listed("t1"), build: "never" } }), load);
  const [add] = plan(nothingThere, lists).steps;
  assert.equal(add?.kind === "add" && add.tarball, { path: "/srv/t1.tar.gz", sha256: "t1" });
});

tarballs("a binary is preferred to building, and needs neither headers nor programs", () => {
  const world = { ...inTree, kernels: [{ release: "K1", headers: undefined }], missingTools: ["make"] };
  const { steps: all, blocked } = plan({ ...world, tarballs: { "a/1": [binary] } }, lists);
  assert.equal(
    all.map(({ kind }) => kind),
    ["add", "load-tarball", "install", "depmod"],
  );
  assert.equal(blocked, []);
  const [add] = all;
  assert.is(add?.kind === "add" && add.tarball, undefined, "a source that is there stays");
});

tarballs("of several archives with a binary the first counts, each kernel by itself", () => {
  const world = {
    kernels: ["K1", "K2"],
    sources: { "a/1": {} },
    tarballs: {
      "a/1": [
        { sha256: "t1", kernels: ["K2"] },
        { sha256: "t2", kernels: ["K1", "K2"] },
      ],
    },
  };
  const loads = plan(world, { "a/1": { tarballs: listed("t1", "t2") } }).steps.flatMap((step) =>
    step.kind === "load-tarball" ? [`${step.instance.kernel.release} ${step.tarball.sha256}`] : [],
  );
  assert.equal(loads, ["K1 t2", "K2 t1"]);
});

tarballs(
  "what came from a listed archive is fresh, whatever its source, headers and compiler; nothing is looked into",
  () => {
    const stale = present("installed", { tarball: "t1", inputs: { source: "old", headers: "old", compiler: "old" } });
    assert.equal(steps({ modules: { "a/1": stale } }, lists), []);
    assert.equal(steps({ ...confOnly, modules: { "a/1": loaded } }, { "a/1": { tarballs: listed("t0", "t1") } }), []);
  },
);

tarballs("a changed archive: dkms.conf and binary of the new one, beside the old one, then swapped in", () => {
  const world = { ...confOnly, modules: { "a/1": loaded }, tarballs: { "a/1": [{ sha256: "t2", kernels: ["K1"] }] } };
  const wanted = { "a/1": { tarballs: listed("t2") } };
  assert.equal(reasons(world, wanted), [
    "add tarball-changed",
    "load-tarball tarball-changed",
    "install tarball-changed",
    "depmod kernel-changed",
  ]);
  const load = plan(world, wanted).steps.find(({ kind }) => kind === "load-tarball");
  assert.is(load?.kind === "load-tarball" && load.replace, true);
});

tarballs("what was built here makes way for a listed binary, also if it is fresh", () => {
  const world = { modules: { "a/1": present("installed") }, tarballs: { "a/1": [binary] } };
  assert.equal(reasons(world, lists), [
    "load-tarball tarball-preferred",
    "install tarball-preferred",
    "depmod kernel-changed",
  ]);
});

tarballs("a loaded object that is gone is loaded again", () => {
  const damaged = present("installed", { tarball: "t1", problems: ["object-missing"] });
  const world = { ...confOnly, modules: { "a/1": damaged }, tarballs: { "a/1": [binary] } };
  assert.equal(reasons(world, lists).slice(0, 2), ["load-tarball object-missing", "install object-missing"]);
});

tarballs("no binary for the kernel: built where that is possible, else no-binary, while other kernels are done", () => {
  const world = { kernels: ["K1", "K2"], sources: { "a/1": { inTree: "source-1" } }, tarballs: { "a/1": [binary] } };
  assert.ok(steps(world, lists).includes("build:a/1@K2"));
  const never = { "a/1": { tarballs: listed("t1"), build: "never" } } as const;
  assert.equal(blocks(world, never), ["a/1@K2 no-binary"]);
  assert.ok(steps(world, never).includes("install:a/1@K1"));
  const withoutHeaders = { ...world, kernels: ["K1", { release: "K2", headers: undefined }] };
  const [blocked] = plan(withoutHeaders, lists).blocked;
  assert.is(blocked?.reason, "no-binary");
  assert.match(blocked?.text ?? "", "headers of kernel K2");
});

tarballs("a directory that holds only dkms.conf is nothing to build from", () => {
  assert.equal(blocks({ ...confOnly, tarballs: { "a/1": [{ sha256: "t1" }] } }, lists), ["a/1@K1 no-binary"]);
  assert.equal(blocks(confOnly, { "a/1": {} }), ["a/1@K1 no-source"]);
});

tarballs("an archive that is not to be trusted stops the module, also where another one has the binary", () => {
  const bad = { sha256: "t2", problem: "untrusted" } as const;
  const world = { ...nothingThere, tarballs: { "a/1": [binary, bad] } };
  const wanted = { "a/1": { tarballs: listed("t1", "t2") }, "b/1": {} };
  assert.equal(blocks({ ...world, sources: { ...world.sources, "b/1": { inTree: "source-1" } } }, wanted), [
    "a/1@K1 untrusted",
  ]);
  assert.equal(blocks(world, { "a/1": { state: "added", tarballs: listed("t1", "t2") } }), ["a/1 untrusted"]);
});

tarballs("an archive that is not to be trusted blocks with the code of what is wrong with it", () => {
  for (const state of ["installed", "added"] as const) {
    const world = {
      ...nothingThere,
      tarballs: { "a/1": [{ sha256: "t1", problem: "untrusted", code: "E_DIGEST" }] },
    } as const;
    const wanted = desiredState({ "a/1": { state, tarballs: listed("t1") } });
    const { blocked } = assemblePlan(wanted, actualState(world));
    assert.equal(
      blocked.map(({ code }) => code),
      ["E_DIGEST"],
    );
  }
});

tarballs("an archive that is out of reach: what is there stays, what is not there is built if it can be", () => {
  const gone = { "a/1": [{ sha256: "t2", problem: "unreachable" } as const] };
  const wanted = { "a/1": { tarballs: listed("t2") } };
  assert.equal(blocks({ modules: { "a/1": loaded }, tarballs: gone }, wanted), ["a/1@K1 no-binary"]);
  assert.equal(steps({ modules: { "a/1": present("installed") }, tarballs: gone }, wanted), []);
  assert.ok(steps({ ...inTree, tarballs: gone }, wanted).includes("build:a/1@K1"));
  assert.equal(blocks({ sources: { "a/1": {} }, tarballs: gone }, wanted), ["a/1@K1 no-binary"]);
});

tarballs(
  "no archive is listed any more: built from the source, kept where there is none or building is forbidden",
  () => {
    const world = { modules: { "a/1": loaded } };
    assert.equal(reasons(world, { "a/1": {} }).slice(0, 2), ["build tarball-unlisted", "install tarball-unlisted"]);
    assert.equal(steps(world, { "a/1": { build: "never" } }), []);
    assert.equal(steps({ ...world, ...confOnly }, { "a/1": {} }), []);
    const dependent = { ...world, sources: { "b/1": { inTree: "s" } }, confs: { "a/1": { buildDepends: ["b"] } } };
    const ofDependency = ["add:b/1", "build:b/1@K1", "install:b/1@K1", "depmod:K1"];
    assert.equal(steps(dependent, { "a/1": { build: "never" }, "b/1": {} }), ofDependency);
    assert.equal(blocks(dependent, { "a/1": { build: "never" }, "b/1": {} }), []);
  },
);

tarballs("an archive with the source, and no binary for the kernel: unpacked, then built", () => {
  const world = { sources: { "a/1": {} }, tarballs: { "a/1": [{ sha256: "t1", hasSource: true }] } };
  assert.equal(steps(world, lists), ["add:a/1", "build:a/1@K1", "install:a/1@K1", "depmod:K1"]);
  const [add] = plan(world, lists).steps;
  assert.equal(add?.kind === "add" && add.tarball?.sha256, "t1");
  assert.equal(steps(world, { "a/1": { state: "added", tarballs: listed("t1") } }), ["add:a/1"]);
});

tarballs("the source of an archive makes way for that of its successor, and nothing else's does", () => {
  const successor = { tarballs: { "a/1": [{ sha256: "t2", hasSource: true }] } };
  const wanted = { "a/1": { tarballs: listed("t2") } };
  const built = { "a/1": present("installed", { inputs: { source: "unpacked" } }) };
  const ours = { "a/1": { inTree: "unpacked", tarball: "t1" } };
  assert.equal(reasons({ ...successor, modules: built, sources: ours }, wanted).slice(0, 2), [
    "add tarball-changed",
    "build source-changed",
  ]);
  assert.equal(steps({ ...successor, modules: built, sources: { "a/1": { inTree: "unpacked" } } }, wanted), []);
});

tarballs("a broken link is mended from the archive", () => {
  const world = { ...nothingThere, modules: { "a/1": { ...loaded, link: "dangling" } } } as const;
  assert.equal(reasons(world, lists), ["add broken"]);
});

tarballs.run();

const dependencies = suite("assemblePlan, BUILD_DEPENDS");
const both = { sources: { "a/1": { inTree: "s" }, "b/1": { inTree: "s" } }, confs: { "a/1": { buildDepends: ["b"] } } };

dependencies("a dependency is installed before its dependent is built, whatever the order of the document", () => {
  assert.equal(steps(both, { "a/1": {}, "b/1": {} }), [
    "add:a/1",
    "add:b/1",
    "build:b/1@K1",
    "install:b/1@K1",
    "build:a/1@K1",
    "install:a/1@K1",
    "depmod:K1",
  ]);
  const build = plan(both, { "a/1": {}, "b/1": {} }).steps.find(({ id }) => id.startsWith("build:a"));
  assert.ok(build?.dependsOn.includes("install:b/1@K1/x86_64"));
});

dependencies("a dependency that nobody wants and that is not there blocks", () => {
  assert.equal(blocks(both, { "a/1": {} }), ["a/1@K1 missing-dependency"]);
});

dependencies("a blocked dependency blocks its dependents", () => {
  const world = { ...both, confs: { ...both.confs, "b/1": { invalid: "bad" } } };
  assert.equal(blocks(world, { "a/1": {}, "b/1": {} }), ["b/1@K1 invalid-conf", "a/1@K1 missing-dependency"]);
});

dependencies("an installed dependency is enough, unless it is taken away by the same plan", () => {
  const world = { ...both, modules: { "b/1": present("installed") } };
  assert.equal(blocks(world, { "a/1": {} }), []);
  assert.equal(blocks(world, { "a/1": {}, "b/1": { state: "absent" } }), ["a/1@K1 missing-dependency"]);
});

dependencies("a dependency that is rebuilt takes its dependents with it", () => {
  const modules = { "b/1": present("installed", { inputs: { source: "old" } }), "a/1": present("installed") };
  const world = { ...both, sources: { "a/1": { inTree: "source-1" }, "b/1": { inTree: "source-1" } }, modules };
  assert.ok(reasons(world, { "a/1": {}, "b/1": {} }).includes("build dependency-changed"));
});

dependencies("a circle is blocked, with all of its members named", () => {
  const world = { ...both, confs: { "a/1": { buildDepends: ["b"] }, "b/1": { buildDepends: ["a"] } } };
  const result = plan(world, { "a/1": {}, "b/1": {} });
  assert.equal(result.steps, []);
  assert.equal(
    result.blocked.map(({ reason }) => reason),
    ["dependency-cycle", "dependency-cycle"],
  );
  assert.match(result.blocked[0]?.text ?? "", /a\/1.*b\/1|b\/1.*a\/1/);
});

dependencies.run();

const documents = suite("assemblePlan, what only shows against a host");

documents("running means nothing under another root", () => {
  const world = { ...inTree, runningKernel: undefined };
  const [problem] = plan(world, { "a/1": { kernels: [{ kind: "running" }] } }).diagnostics;
  assert.is(problem?.code, "E_RUNNING_ELSEWHERE");
  assert.is(problem?.severity, "error");
  assert.match(problem?.message ?? "", '"running", the default for a, means nothing');
});

documents("two installed versions for one kernel are an error that names both places", () => {
  const world = { sources: { "a/1": { inTree: "s" }, "a/2": { inTree: "s" } } };
  const [problem] = plan(world, { "a/1": {}, "a/2": {} }).diagnostics;
  assert.is(problem?.code, "E_CONFLICT");
  assert.match(problem?.message ?? "", /modules\.yaml:4/);
});

documents("two modules that bring an object of the same name for one kernel are an error", () => {
  const world = { ...both, confs: { "a/1": { objects: ["same-name"] }, "b/1": { objects: ["other", "same_name"] } } };
  const [problem] = plan(world, { "a/1": {}, "b/1": {} }).diagnostics;
  assert.is(problem?.code, "E_CONFLICT");
  assert.match(problem?.message ?? "", /^Both a .*:4\) and b install same_name\.ko/);
  assert.equal(plan(world, { "a/1": {}, "b/1": { state: "built" } }).diagnostics, []);
});

documents("what could not be read is said", () => {
  const { diagnostics } = plan({ ...inTree, complete: false }, { "a/1": {} });
  assert.equal(
    diagnostics.map(({ code, file }) => `${code} ${file}`),
    ["W_UNREADABLE /x"],
  );
});

documents("a selector that matches nothing is a warning", () => {
  const [problem] = plan(inTree, { "a/1": { kernels: [{ kind: "match", glob: "9.*" }] } }).diagnostics;
  assert.is(problem?.code, "W_NO_KERNEL_MATCHES");
  assert.match(problem?.hint ?? "", "there is K1");
});

documents("a filter leaves everything else alone", () => {
  const actual = actualState({ kernels: ["K1", "K2"], sources: { "a/1": { inTree: "s" }, "b/1": { inTree: "s" } } });
  const desired = desiredState({ "a/1": {}, "b/1": {} });
  const filter = { ...noFilter, modules: [{ name: "b", version: undefined }], kernel: "K2" };
  assert.equal(
    assemblePlan(desired, actual, filter).steps.map(({ id }) => id),
    ["add:b/1", "build:b/1@K2/x86_64", "install:b/1@K2/x86_64", "depmod:K2/x86_64"],
  );
});

documents.run();
