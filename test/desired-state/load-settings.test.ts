import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type LoadedSettings, loadSettings } from "../../src/desired-state/load-settings.ts";
import type { Settings } from "../../src/desired-state/settings.ts";
import { settingsPlace } from "../../src/desired-state/settings.ts";
import { defaultArchiveLimits } from "../../src/host/archive/archive-limits.ts";
import { testNeeding } from "../rig/test-needing.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";
import { brief } from "./documents.ts";

const load = suite<{ tree: TreeBuilder }>("loadSettings");
load.before.each((context) => {
  context.tree = dkmsTree();
});
load.after.each(({ tree }) => tree.remove());

function loadText(tree: TreeBuilder, text: string | Uint8Array): LoadedSettings {
  tree.write(settingsPlace, text);
  const { root, files, machine } = tree.host();
  return loadSettings({ root, files, machine }, { allowInsecureFiles: true });
}

function settingsOf(tree: TreeBuilder, text: string): Settings {
  const { settings, diagnostics } = loadText(tree, text);
  if (!settings) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  assert.equal(diagnostics, []);
  return settings;
}

function problemsOf(tree: TreeBuilder, text: string | Uint8Array): readonly string[] {
  const { settings, diagnostics } = loadText(tree, text);
  assert.is(settings, undefined);
  return diagnostics.map(brief);
}

const defaults: Settings = {
  signing: { policy: "optional" },
  jobs: undefined,
  buildTimeoutMs: 30 * 60_000,
  lockTimeoutMs: 30_000,
  hooks: "lenient",
  tarballLimits: defaultArchiveLimits,
  daemon: { schedule: "17 */4 * * *", timezone: undefined, jitterMs: 300_000, watch: true, debounceMs: 30_000 },
  metricsFile: undefined,
  trees: {},
};

load("is all defaults without a file, and with one of comments only", ({ tree }) => {
  assert.equal(loadSettings(tree.host(), { allowInsecureFiles: false }), { settings: defaults, diagnostics: [] });
  for (const text of ["", "# signing: required\n", "---\n", "{}\n"])
    assert.equal(settingsOf(tree, text), defaults, text);
});

load("takes every setting, all scalars being text", ({ tree }) => {
  const text = `
signing: off
sign_file: /usr/src/linux-headers-$kernelver/scripts/sign-file
signing_key: "pkcs11:token=a;object=b"
certificate: /root/\${kernelver}.der
jobs: 4
build_timeout: 1h30m
lock_timeout: 0
hooks: strict
tarball_entries: 5000
tarball_size: 500M
tarball_file_size: 1000
tarball_ratio: 20
dkms_tree: /srv/dkms
source_tree: /srv/src
install_tree: /srv/modules
metrics_file: /srv/figures/dkms_agent.prom
daemon:
  schedule: 30 2 * * mon-fri
  timezone: Europe/Berlin
  jitter: 0
  watch: false
  debounce: 1m
`;
  assert.equal(settingsOf(tree, text), {
    signing: {
      policy: "off",
      signFile: "/usr/src/linux-headers-$kernelver/scripts/sign-file",
      pair: { key: "pkcs11:token=a;object=b", certificate: "/root/${kernelver}.der" },
    },
    jobs: 4,
    buildTimeoutMs: 90 * 60_000,
    lockTimeoutMs: 0,
    hooks: "strict",
    tarballLimits: { entries: 5000, bytes: 500 * 2 ** 20, fileBytes: 1000, ratio: 20 },
    daemon: { schedule: "30 2 * * mon-fri", timezone: "Europe/Berlin", jitterMs: 0, watch: false, debounceMs: 60_000 },
    metricsFile: "/srv/figures/dkms_agent.prom",
    trees: { dkmsTree: "/srv/dkms", sourceTree: "/srv/src", installTree: "/srv/modules" },
  });
});

load("reports every problem at once, with its place", ({ tree }) => {
  const text = `signing: maybe
signfile: /x
jobs: 0
build_timeout: 5
certificate: relative.der
dkms_tree: [a]
sign_file: /opt/$module/sign
lock_timeout:
jobs: 3
`;
  assert.equal(problemsOf(tree, text), [
    "E_BAD_VALUE 1:10",
    "E_UNKNOWN_KEY 2:1",
    "E_BAD_VALUE 3:7",
    "E_BAD_VALUE 4:16",
    "E_MISSING_KEY 5:1",
    "E_BAD_VALUE 5:14",
    "E_WRONG_TYPE 6:12",
    "E_BAD_VALUE 7:12",
    "E_BAD_VALUE 8:1",
    "E_DUPLICATE_KEY 9:1",
  ]);
});

load("suggests the key or value that was meant", ({ tree }) => {
  const hintsOf = (text: string) => loadText(tree, text).diagnostics.map(({ hint }) => hint);
  assert.equal(hintsOf("signfile: /x\nsigning: require\n"), ['Did you mean "sign_file"?', 'Did you mean "required"?']);
  assert.match(hintsOf("colour: red\n")[0] ?? "", /^The keys are signing, sign_file, /);
});

load("figures go to a file that node_exporter reads, and to no other", ({ tree }) => {
  for (const file of ["/etc/passwd", "/srv/.prom", "/srv/dkms_agent.prom/", "dkms_agent.prom"])
    assert.equal(problemsOf(tree, `metrics_file: ${file}\n`), ["E_BAD_VALUE 1:15"], file);
});

load("places what is wrong below daemon, and suggests what was meant", ({ tree }) => {
  const text = `daemon:
  shedule: "@daily"
  timezone: Europe/Berln
  schedule: "61 * * * *"
  watch: yes
  jitter: 2
`;
  const { diagnostics } = loadText(tree, text);
  assert.equal(diagnostics.map(brief), [
    "E_UNKNOWN_KEY 2:3",
    "E_BAD_VALUE 3:13",
    "E_BAD_VALUE 4:13",
    "E_BAD_VALUE 5:10",
    "E_BAD_VALUE 6:11",
  ]);
  const [key, zone] = diagnostics.map(({ hint }) => hint);
  assert.equal([key, zone], ['Did you mean "schedule"?', 'Did you mean "Europe/Berlin"?']);
  assert.equal(problemsOf(tree, "daemon: daily\n"), ["E_WRONG_TYPE 1:9"]);
});

load("takes a schedule of never for none", ({ tree }) => {
  assert.is(settingsOf(tree, "daemon: {schedule: never}\n").daemon.schedule, undefined);
});

load("wants the key and its certificate together", ({ tree }) => {
  assert.equal(problemsOf(tree, "signing_key: /a.key\n"), ["E_MISSING_KEY 1:1"]);
  assert.equal(problemsOf(tree, "certificate: /a.der\n"), ["E_MISSING_KEY 1:1"]);
});

load("ends in a clear error for hostile input", ({ tree }) => {
  for (const [text, code] of [
    ["- a\n", "E_WRONG_TYPE"],
    ["just text\n", "E_WRONG_TYPE"],
    ["jobs: &x 1\nbuild_timeout: *x\n", "E_ALIAS"],
    ["__proto__: 1\n", "E_UNKNOWN_KEY"],
    ["jobs: 1\n---\njobs: 2\n", "E_UNSUPPORTED"],
    ["dkms_tree: /a\0b\n", "E_YAML_SYNTAX"],
    ['dkms_tree: "/a\\0b"\n', "E_BAD_VALUE"],
    [Buffer.from("jobs: \xff\n", "latin1"), "E_NOT_UTF8"],
    [`jobs: ${"[".repeat(5000)}`, "E_TOO_DEEP"],
    ["x".repeat((1 << 20) + 1), "E_TOO_LARGE"],
  ] as const) {
    assert.match(problemsOf(tree, text)[0] ?? "", code, String(text).slice(0, 40));
  }
  const many = Array.from({ length: 5000 }, (_, index) => `k${index}: 1\n`).join("");
  assert.is(problemsOf(tree, many).length, 101);
});

load("refuses what is no file", ({ tree }) => {
  fs.mkdirSync(tree.at(settingsPlace), { recursive: true });
  assert.is(loadSettings(tree.host(), { allowInsecureFiles: true }).settings, undefined);
  fs.rmdirSync(tree.at(settingsPlace));
  tree.link("/nowhere", settingsPlace);
  assert.is(loadSettings(tree.host(), { allowInsecureFiles: true }).diagnostics[0]?.code, "E_UNREADABLE");
});

testNeeding(
  load,
  ["root"],
  "refuses, as root, a file that others can write to, unless that is allowed",
  (_, { tree }) => {
    const file = tree.write(settingsPlace, "jobs: 2\n");
    fs.chmodSync(file, 0o666);
    const { settings, diagnostics } = loadSettings(tree.host(), { allowInsecureFiles: false });
    assert.equal([settings, diagnostics.map(({ code }) => code)], [undefined, ["E_INSECURE_FILE"]]);
    assert.is(loadSettings(tree.host(), { allowInsecureFiles: true }).settings?.jobs, 2);
    const someone = tree.host({ machine: { uid: 1000 } });
    assert.is(loadSettings(someone, { allowInsecureFiles: false }).settings?.jobs, 2);
  },
);

load.run();
