import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { DesiredState } from "../../src/desired-state/desired-state.ts";
import { assemblePlan } from "../../src/plan/assemble-plan.ts";
import { activeVersionsOf, narrowStatus, type Status } from "../../src/report/status.ts";
import { statusDocument } from "../../src/report/status-document.ts";
import { statusText } from "../../src/report/status-text.ts";
import { plainTerminal, type Terminal } from "../../src/report/terminal.ts";
import { actualState, desiredState } from "../rig/world.ts";
import type { WorldOptions } from "../rig/world-options.ts";
import { terminalOf, text, widest } from "./terminal-of.ts";

const kernels = ["6.1.0-55-amd64", { release: "6.1.0-56-amd64", headers: undefined }];
const world: WorldOptions = {
  kernels,
  modules: {
    "ddcci/0.4.4": {
      instances: {
        "6.1.0-55-amd64": { level: "installed", problems: ["installed-differs"] },
        "6.1.0-56-amd64": { level: "installed" },
      },
    },
    "evdi/1.14.1": { instances: { "6.1.0-55-amd64": { level: "built" } } },
    "stray/2": { link: "dangling" },
  },
};
const wanted = desiredState({ "ddcci/0.4.4": {}, "evdi/1.14.1": {} });
const options = { quiet: false, verbose: false, dkmsTree: "/var/lib/dkms" };

function status(desired: DesiredState | undefined, more: WorldOptions = world): Status {
  const actual = actualState(more);
  const plan = desired && assemblePlan(desired, actual);
  const host = { machineId: undefined, arch: "x86_64", runningKernel: "6.1.0-55-amd64" };
  return {
    host,
    actual,
    plan,
    desired,
    activeVersions: activeVersionsOf(actual),
    loaded: new Map(),
    diagnostics: [],
    advice: [],
  };
}

function shown(given: Status, terminal: Terminal = plainTerminal, more = {}): string {
  return statusText(given, terminal, { ...options, ...more });
}

const told = suite("statusText");

told("modules by kernels, marks with their meaning, the problems, what is blocked", () => {
  assert.is(
    shown(status(wanted)),
    text`
      module       6.1.0-55-amd64 (running)  6.1.0-56-amd64
      ddcci/0.4.4  installed *               installed
      evdi/1.14.1  built ~                   added !
      stray/2      broken                    broken

        !  blocked: wanted otherwise, and not reachable now
        *  a problem, see below
        ~  apply would change it

        * ddcci/0.4.4@6.1.0-55-amd64/x86_64: /lib/modules/6.1.0-55-amd64/updates/dkms/ddcci.ko: installed-differs
        * stray/2: its source link is dangling

        ! evdi/1.14.1@6.1.0-56-amd64/x86_64  blocked  the headers of kernel 6.1.0-56-amd64 are not installed (/lib/modules/6.1.0-56-amd64/build/include) [E_NO_HEADERS]
            → install them, for example: apt-get install linux-headers-6.1.0-56-amd64

      In the DKMS tree, but in no document (left alone; see "unlisted"): stray/2
      Plan: 2 to install, 1 blocked, 1 unchanged.
    `,
  );
});

told("needs no documents", () => {
  const { modules: { "evdi/1.14.1": evdi = {} } = {} } = world;
  assert.is(
    shown(status(undefined, { kernels, modules: { "evdi/1.14.1": evdi } })),
    text`
      module       6.1.0-55-amd64 (running)  6.1.0-56-amd64
      evdi/1.14.1  built                     added

      There are no documents to compare this with.
    `,
  );
});

told("documents that cannot be used are not taken for none", () => {
  const broken = { file: "/etc/x.yaml", severity: "error", code: "E_EMPTY", message: "It is empty." } as const;
  const { modules: { "evdi/1.14.1": evdi = {} } = {} } = world;
  const given = { ...status(undefined, { kernels, modules: { "evdi/1.14.1": evdi } }), diagnostics: [broken] };
  assert.match(shown(given), /\n\nThe documents have to be mended before this can be compared with them\.\n$/);
});

told("a depmod that is owed is told with its kernel", () => {
  const said = shown(status(undefined, { kernels, depmodOwed: ["6.1.0-55-amd64"] }));
  assert.match(said, /\n {2}\* 6\.1\.0-55-amd64: depmod is owed: .*; apply runs it\n/);
});

told("an empty tree is named", () => {
  assert.match(shown(status(undefined, { kernels })), "No modules in /var/lib/dkms.");
});

told("what is wanted and not there yet has its row", () => {
  const rows = shown(status(desiredState({ "jool/4.1.9": {} }), { kernels: ["K1"], sources: { "jool/4.1.9": {} } }));
  assert.match(rows, /^module {6}K1\njool\/4\.1\.9 {2}– !\n\n {2}– {2}not in the DKMS tree\n/);
});

told("many kernels are shown in tables below each other, none wider than the terminal", () => {
  const many = Array.from({ length: 9 }, (_, index) => `6.1.0-${index}-amd64`);
  const whole = status(undefined, { kernels: many, modules: { "evdi/1.14.1": {} } });
  for (const columns of [60, 100]) assert.ok(widest(shown(whole, terminalOf(columns))) <= columns);
  const headings = shown(whole, terminalOf(60)).match(/6\.1\.0-\d-amd64/g);
  assert.equal(headings, many);
});

told("30 modules and 4 kernels are one table in 100 columns, each heading above its column", () => {
  const four = ["6.1.0-55-amd64", "6.1.0-56-amd64", "6.1.0-56-rt-amd64", "6.12.117+deb12-amd64"];
  const names = Array.from({ length: 30 }, (_, index) => `a-long-module-name-${index}/1.2.${index}`);
  const instances = Object.fromEntries(four.map((release) => [release, { level: "installed" } as const]));
  const whole = status(undefined, {
    kernels: four,
    modules: Object.fromEntries(names.map((name) => [name, { instances }])),
  });
  const table = shown(whole, terminalOf(100)).split("\n");
  assert.ok(widest(table.join("\n")) <= 100);
  assert.equal(table.slice(0, 6), [
    "                              6.1.0-55-amd64 (running)",
    "                              │          6.1.0-56-amd64",
    "                              │          │          6.1.0-56-rt-amd64",
    "module                        │          │          │          6.12.117+deb12-amd64",
    "a-long-module-name-0/1.2.0    installed  installed  installed  installed",
    "a-long-module-name-1/1.2.1    installed  installed  installed  installed",
  ]);
  assert.is(table.indexOf("There are no documents to compare this with."), 4 + 30 + 1);
});

told("what is loaded, and whether it is what is here", () => {
  const verdicts = { "ddcci/0.4.4": "other", "evdi/1.14.1": "current", "stray/2": "unknown" } as const;
  const loaded = new Map(Object.entries(verdicts).map(([key, one]) => [`${key}@6.1.0-55-amd64/x86_64`, one]));
  const lines = shown({ ...status(wanted), loaded }).split("\n");
  assert.equal(lines.slice(1, 8), [
    "ddcci/0.4.4  installed ○*              installed",
    "evdi/1.14.1  built ●~                  added !",
    "stray/2      broken ?                  broken",
    "",
    "  ●  loaded",
    "  ○  another build of it is loaded: load it anew, or boot",
    "  ?  loaded; neither srcversion nor build-id tells whether it is the one that is here",
  ]);
});

told("with --verbose also the headers of each kernel", () => {
  const lines = shown(status(wanted), plainTerminal, { verbose: true }).split("\n");
  assert.ok(lines.includes("6.1.0-55-amd64  x86_64  headers in /lib/modules/6.1.0-55-amd64/build"));
  assert.ok(lines.includes("6.1.0-56-amd64  x86_64  no headers: nothing can be built for it"));
});

told("with --quiet only what needs attention", () => {
  const lines = shown(status(wanted), plainTerminal, { quiet: true }).trimEnd().split("\n");
  assert.equal(
    lines.map((line) => line.slice(0, 4)),
    ["  * ", "  * ", "", "  ! ", "    "],
  );
});

told("what could not be read, and a depmod that is owed, are problems", () => {
  const given = shown(status(undefined, { complete: false, depmodOwed: ["K1"] }));
  assert.match(given, "  * /x cannot be read. [E_IO]");
  assert.match(given, "  * K1: depmod is owed");
});
told("what the administrator has to do by hand", () => {
  const advice = ['Secure Boot is on and does not know /mok.pub: run "mokutil --import /mok.pub".'];
  assert.match(shown({ ...status(wanted), advice }), '* Secure Boot is on and does not know /mok.pub: run "mokutil');
});

told.run();

const narrowing = suite("narrowStatus");

narrowing("some modules, one kernel", () => {
  const modules = [
    { name: "ddcci", version: undefined },
    { name: "evdi", version: "1.0" },
  ];
  const { actual } = narrowStatus(status(wanted), { modules, kernel: "6.1.0-56-amd64" });
  assert.equal(
    actual.kernels.map(({ id }) => id.release),
    ["6.1.0-56-amd64"],
  );
  assert.equal(
    actual.modules.map(({ id }) => id.name),
    ["ddcci"],
  );
  assert.equal(
    actual.modules[0]?.instances.map(({ kernel }) => kernel.release),
    ["6.1.0-56-amd64"],
  );
});
narrowing.run();

const document = suite("statusDocument");
const facts = {
  toolVersion: "1.2.3",
  createdAt: new Date(0),
  paths: { dkmsTree: "/var/lib/dkms", sourceTree: "/usr/src", installTree: "/lib/modules" },
};

document("has all that the scan and the plan know", () => {
  const made = statusDocument(status(wanted), facts);
  assert.equal(made.trees, { dkms: "/var/lib/dkms", source: "/usr/src", install: "/lib/modules" });
  assert.equal(made.kernels[0], {
    ...{ release: "6.1.0-55-amd64", arch: "x86_64", running: true, directory: "/lib/modules/6.1.0-55-amd64" },
    ...{ headers: "/lib/modules/6.1.0-55-amd64/build", has_modules_dep: true, compression: "none" },
  });
  assert.is(made.kernels[1]?.headers, null);
  const [ddcci, evdi, stray] = made.modules;
  assert.equal([ddcci?.listed, evdi?.listed, stray?.listed], [true, true, false]);
  assert.is(stray?.link, "dangling");
  const installed = { path: "/lib/modules/6.1.0-55-amd64/updates/dkms/ddcci.ko", sha256: "1" };
  assert.equal(ddcci?.instances[0], {
    address: "ddcci/0.4.4@6.1.0-55-amd64/x86_64",
    kernel: { release: "6.1.0-55-amd64", arch: "x86_64" },
    level: "installed",
    active_version: "0.4.4",
    loaded: null,
    objects: [{ file: "ddcci.ko", sha256: "1", installed }],
    build: { built_at: "2026-01-01T00:00:00.000Z", duration_ms: 1 },
    problems: [{ kind: "installed-differs", message: `${installed.path}: installed-differs`, path: installed.path }],
    originals_saved: false,
  });
  assert.is(made.plan?.blocked[0]?.reason, "no-headers");
});

document("without documents it does not pretend to know what is wanted", () => {
  const made = statusDocument(status(undefined), facts);
  assert.is(made.desired, null);
  assert.is(made.plan, null);
  assert.is(made.modules[0]?.listed, null);
});

document("is JSON with snake-case keys", () => {
  const keys = new Set<string>();
  JSON.parse(JSON.stringify(statusDocument(status(wanted), facts)), (key, value: unknown) => {
    keys.add(key);
    return value;
  });
  assert.ok(keys.size > 30);
  assert.equal(
    [...keys].filter((key) => !/^[a-z0-9_]*$/.test(key)),
    [],
  );
});
document.run();
