import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ActualState, InstanceState, ProspectRequest, ScanRequest } from "../../src/actual-state/actual-state.ts";
import { scanActual } from "../../src/actual-state/scan-actual.ts";
import { type BuildRecord, formatBuildRecord } from "../../src/dkms/build-record.ts";
import { instanceAddress, moduleKey } from "../../src/dkms/id.ts";
import type { Host } from "../../src/host/host.ts";
import { buildRecord } from "../rig/build-record.ts";
import { filesRefusing } from "../rig/failing-files.ts";
import { fakeObject } from "../rig/fake-object.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";

const K = "6.1.0-1";
const dkms = "var/lib/dkms";
const hello = { name: "hello", version: "1.0" };
const kernel = { release: K, arch: "x86_64" };
const built = `${dkms}/hello/1.0/${K}/x86_64`;
const installed = `lib/modules/${K}/updates/dkms`;
const nothingAsked: ScanRequest = { sources: [], prospects: () => [] };

const scan = suite<{ tree: TreeBuilder }>("scanActual");
scan.before.each((context) => {
  context.tree = dkmsTree().kernel(K);
});
scan.after.each(({ tree }) => tree.remove());

scan("sees what is loaded into the running kernel", async ({ tree }) => {
  tree.write("sys/module/hello/initstate", "live\n");
  const host = tree.host({ machine: { arch: "x86_64", runningKernel: K } });
  assert.equal([...(await scanActual(host, nothingAsked)).loaded.keys()], ["hello"]);
  const { loaded, findings } = await scanActual({ ...host, files: filesRefusing(tree.at("sys")) }, nothingAsked);
  assert.is(loaded.size, 0);
  assert.equal(
    findings.map(({ code }) => code),
    ["E_PERMISSION"],
  );
});

scan("tells once of a directory that nobody may enter, whatever it looked for in it", async ({ tree }) => {
  tree.module("hello/1.0").installed(K);
  const { findings, complete } = await scanActual(tree.host({ files: filesRefusing(tree.at(dkms)) }), nothingAsked);
  assert.not(complete);
  assert.equal(
    findings.map(({ path: place }) => place),
    [tree.at(dkms)],
  );
});

scan("names the source that may be meant instead of one that is not there", async ({ tree }) => {
  tree.module("hello/1.0");
  const { sources } = await scanActual(tree.host(), {
    ...nothingAsked,
    sources: [{ module: { name: "helo", version: "1.0" }, directory: undefined }],
  });
  const problem = sources.get(moduleKey({ name: "helo", version: "1.0" }))?.problem;
  assert.match(problem?.remedy ?? "", "; the source tree has hello-1.0");
  fs.rmSync(tree.at("usr/src/hello-1.0/dkms.conf"));
  const without = await scanActual(tree.host(), {
    ...nothingAsked,
    sources: [{ module: hello, directory: undefined }],
  });
  assert.match(without.sources.get(moduleKey(hello))?.problem?.remedy ?? "", /to the document$/);
});

scan("sees a healthy host: kernels, levels, objects", async ({ tree }) => {
  tree.kernel("6.1.0-2");
  tree.module("hello/1.0").installed(K).built("6.1.0-2");
  tree.module("other/2");
  const host = tree.host({ machine: { arch: "x86_64", runningKernel: K } });
  const actual = await scanActual(host, nothingAsked);
  assert.equal(
    actual.kernels.map(({ id }) => id.release),
    [K, "6.1.0-2"],
  );
  assert.is(actual.runningKernel, K);
  assert.is(actual.arch, "x86_64");
  assert.equal(
    actual.modules.map(({ id }) => moduleKey(id)),
    ["hello/1.0", "other/2"],
  );
  assert.equal(
    actual.modules[0]?.instances.map(({ kernel, level }) => [kernel.release, level]),
    [
      [K, "installed"],
      ["6.1.0-2", "built"],
    ],
  );
  const instance = instanceOf(actual);
  const sha256 = digestOf(tree, `${built}/module/hello.ko`);
  const place = tree.at(installed, "hello.ko");
  assert.equal(instance.objects, [{ file: "hello.ko", sha256, installed: { path: place, sha256 } }]);
  assert.equal(instance.problems, []);
  assert.equal(actual.findings, []);
  assert.ok(actual.complete);
});

scan("writes nothing", async ({ tree }) => {
  tree.module("hello/1.0").installed(K);
  tree.write(`${dkms}/hello/1.0/build/make.log`, "");
  const { files } = tree.host();
  const refuse = () => {
    throw new Error("the scan wrote");
  };
  const writes = ["writeAtomic", "append", "remove", "rename", "makeDirectory", "copyFile", "symlinkAtomic", "setMode"];
  const readOnly = { ...files, ...Object.fromEntries(writes.map((name) => [name, refuse])) };
  const actual = await scanActual(tree.host({ files: readOnly }), askFor({ module: hello, kernel }));
  assert.is(actual.modules.length, 1);
});

scan("finds an installed object that is gone or differs", async ({ tree }) => {
  tree.module("hello/1.0", { objects: ["hello", "world", "fine"] }).installed(K);
  fs.rmSync(tree.at(installed, "hello.ko"));
  fs.writeFileSync(tree.at(installed, "world.ko"), fakeObject({ name: "world", release: K, filling: "other" }));
  const instance = instanceOf(await scanActual(tree.host(), nothingAsked));
  assert.equal(problemsOf(instance), [
    ["installed-missing", tree.at(installed, "hello.ko")],
    ["installed-differs", tree.at(installed, "world.ko")],
  ]);
  assert.is(instance.objects.find(({ file }) => file === "hello.ko")?.installed, undefined);
});

scan("looks for installed objects where dkms.conf says, too", async ({ tree }) => {
  tree.module("hello/1.0", { destination: "/kernel/net" }).installed(K, { at: "kernel/net" });
  const instance = instanceOf(await scanActual(tree.host(), nothingAsked));
  assert.equal(problemsOf(instance), []);
  assert.is(instance.objects[0]?.installed?.path, tree.at(`lib/modules/${K}/kernel/net/hello.ko`));
});

scan("looks for installed objects where ADDON_MODULES_DIR says", async ({ tree }) => {
  tree.module("hello/1.0").installed(K, { at: "addon" });
  const problems = async (host: Host) => problemsOf(instanceOf(await scanActual(host, nothingAsked)));
  assert.equal(await problems(tree.host({ addonModules: "addon" })), []);
  assert.equal(await problems(tree.host()), [
    ["installed-missing", tree.at(installed, "hello.ko")],
    ["installed-differs", tree.at(`lib/modules/${K}/addon/hello.ko`)],
  ]);
});

scan("does not take the kernel's own object for the installed one", async ({ tree }) => {
  tree.module("hello/1.0", { destination: "/kernel/net" }).installed(K);
  fs.rmSync(tree.at(installed, "hello.ko"));
  tree.write(`lib/modules/${K}/kernel/net/hello.ko`, "the kernel's own");
  const instance = instanceOf(await scanActual(tree.host(), nothingAsked));
  assert.equal(problemsOf(instance), [["installed-missing", tree.at(installed, "hello.ko")]]);
});

scan("takes whatever lies at the destination for the installed object", async ({ tree }) => {
  tree.write("etc/os-release", "ID=void\n");
  tree.module("hello/1.0", { destination: "/kernel/net" }).installed(K, { at: "kernel/net" });
  const place = tree.write(`lib/modules/${K}/kernel/net/hello.ko`, "other");
  const instance = instanceOf(await scanActual(tree.host(), nothingAsked));
  assert.equal(problemsOf(instance), [["installed-differs", place]]);
});

scan("searches the install tree when dkms.conf cannot be evaluated", async ({ tree }) => {
  tree.module("hello/1.0", { link: "dangling" }).installed(K, { at: "extra" });
  tree.write(`lib/modules/${K}/kernel/net/hello.ko`, "the kernel's own");
  const actual = await scanActual(tree.host(), nothingAsked);
  assert.is(actual.modules[0]?.link, "dangling");
  assert.is(instanceOf(actual).objects[0]?.installed?.path, tree.at(`lib/modules/${K}/extra/hello.ko`));
  assert.equal(problemsOf(instanceOf(actual)), []);
});

scan("finds the same object under another compression", async ({ tree }) => {
  tree.module("hello/1.0").installed(K);
  fs.renameSync(tree.at(installed, "hello.ko"), tree.at(installed, "hello.ko.xz"));
  const instance = instanceOf(await scanActual(tree.host(), nothingAsked));
  assert.is(instance.objects[0]?.installed?.path, tree.at(installed, "hello.ko.xz"));
});

scan("misses objects that dkms.conf or the record names", async ({ tree }) => {
  tree.module("hello/1.0", { objects: ["hello", "world"] }).built(K);
  fs.rmSync(tree.at(built, "module/world.ko"));
  writeRecord(tree, { objects: ["hello.ko", "gone.ko"] });
  assert.equal(problemsOf(instanceOf(await scanActual(tree.host(), nothingAsked))), [
    ["object-missing", tree.at(built, "module/world.ko")],
    ["object-missing", tree.at(built, "module/gone.ko")],
  ]);
});

scan("finds an object that was built for another kernel, or is damaged", async ({ tree }) => {
  const objects = {
    "hello.ko": fakeObject({ name: "hello", release: "6.9.9-other" }),
    "world.ko": fakeObject({ name: "world", release: K }).subarray(0, 100),
  };
  tree.module("hello/1.0", { objects: ["hello", "world"] }).built(K, { objects });
  const instance = instanceOf(await scanActual(tree.host(), nothingAsked));
  assert.equal(problemsOf(instance), [
    ["wrong-vermagic", tree.at(built, "module/hello.ko")],
    ["object-missing", tree.at(built, "module/world.ko")],
  ]);
  assert.match(instance.problems[0]?.message ?? "", "6.9.9-other");
});

scan("does not read an object again that the record vouches for", async ({ tree }) => {
  const objects = { "hello.ko": fakeObject({ name: "hello", release: "6.9.9-other" }) };
  tree.module("hello/1.0").built(K, { objects });
  writeRecord(tree, { objects: ["hello.ko"] });
  assert.equal(problemsOf(instanceOf(await scanActual(tree.host(), nothingAsked))), []);
  tree.write(`${built}/module/hello.ko`, fakeObject({ name: "hello", release: "6.8.8-other" }));
  assert.is(instanceOf(await scanActual(tree.host(), nothingAsked)).problems[0]?.kind, "wrong-vermagic");
});

scan("reads the record, and reports one that is of no use without giving up completeness", async ({ tree }) => {
  tree.module("hello/1.0").built(K);
  const record = writeRecord(tree, { objects: ["hello.ko"] });
  assert.equal(instanceOf(await scanActual(tree.host(), nothingAsked)).record, record);
  for (const text of ["{", formatBuildRecord({ ...record, kernel: { release: "6.9", arch: "x86_64" } })]) {
    const place = tree.write(`${built}/.dkms-agent-build.json`, text);
    const actual = await scanActual(tree.host(), nothingAsked);
    assert.is(instanceOf(actual).record, undefined);
    assert.equal(
      actual.findings.map(({ code, path }) => [code, path]),
      [["E_BAD_RECORD", place]],
    );
    assert.ok(actual.complete);
  }
});

scan("finds orphans: objects of a module that is not installed", async ({ tree }) => {
  tree.module("hello/1.0", { destination: "/kernel/net/", objects: ["hello", "world"] }).built(K);
  const orphan = tree.write(`lib/modules/${K}/kernel/net/hello.ko`, fakeObject({ name: "hello", release: K }));
  const recorded = tree.write(`${installed}/gone.ko.xz`, "what a build made earlier");
  writeRecord(tree, { objects: ["hello.ko", "world.ko"], superseded: [`${installed}/gone.ko.xz`] });
  assert.equal(problemsOf(instanceOf(await scanActual(tree.host(), nothingAsked))), [
    ["orphan", orphan],
    ["orphan", recorded],
  ]);
});

// Without an active link a name says nothing: uninstall leaves such an object alone, and so must every plan.
scan("takes a same-named object of another content for somebody else's", async ({ tree }) => {
  tree.module("hello/1.0", { objects: ["hello", "world"] }).built(K);
  for (const place of [`${installed}/hello.ko`, `lib/modules/${K}/kernel/net/world.ko`]) tree.write(place, "foreign");
  assert.equal(problemsOf(instanceOf(await scanActual(tree.host(), nothingAsked))), []);
});

scan(
  "does not call an object an orphan that another module has installed, though both built the same",
  async ({ tree }) => {
    tree.module("hello/1.0").built(K);
    tree.module("other/2", { objects: ["hello"] }).installed(K);
    const actual = await scanActual(tree.host(), nothingAsked);
    assert.equal(
      actual.modules.map(({ instances }) => instances.map(problemsOf)),
      [[[]], [[]]],
    );
  },
);

scan(
  "finds what the installed module has beside its build: earlier objects, another compression, another version's",
  async ({ tree }) => {
    const old = fakeObject({ name: "older", release: K });
    tree.module("hello/0.9", { objects: ["older"] }).built(K, { objects: { "older.ko": old } });
    tree.module("hello/1.0", { objects: ["hello", "world"] }).installed(K);
    const places = [
      tree.write(`${installed}/hello.ko.xz`, "compressed"),
      tree.write(`lib/modules/${K}/extra/world.ko`, fakeObject({ name: "world", release: K })),
      tree.write(`lib/modules/${K}/kernel/misc/gone.ko`, "superseded"),
      tree.write(`${installed}/older.ko`, old),
    ];
    writeRecord(tree, { objects: ["hello.ko", "world.ko"], superseded: [`lib/modules/${K}/kernel/misc/gone.ko`] });
    tree.write(`lib/modules/${K}/kernel/net/hello.ko`, "the kernel's own");
    const actual = await scanActual(tree.host(), nothingAsked);
    const problems = actual.modules.flatMap(({ id, instances }) =>
      instances.flatMap(problemsOf).map(([kind, place]) => `${moduleKey(id)}: ${kind} ${place}`),
    );
    assert.equal(problems.sort(), places.map((place) => `hello/1.0: installed-differs ${place}`).sort());
  },
);

scan("does not call an object an orphan that another version has installed", async ({ tree }) => {
  tree.module("hello/1.0").built(K);
  tree.module("hello/2.0").installed(K);
  const actual = await scanActual(tree.host(), nothingAsked);
  assert.equal(
    actual.modules.map(({ instances }) => instances.map(problemsOf)),
    [[[]], [[]]],
  );
});

scan("passes leftovers, saved originals and owed depmods on", async ({ tree }) => {
  tree.module("hello/1.0").installed(K);
  const staging = tree.at(dkms, "hello/1.0", K, ".tmp_x86_64_abc");
  fs.mkdirSync(staging);
  tree.write(`${dkms}/hello/original_module/${K}/x86_64/hello.ko`, "");
  tree.write(`${dkms}/.dkms-agent/depmod-owed/${K}/x86_64`, "");
  const actual = await scanActual(tree.host(), nothingAsked);
  assert.equal(actual.modules[0]?.leftovers, [staging]);
  assert.ok(instanceOf(actual).originalsSaved);
  assert.equal(actual.depmodOwed, [kernel]);
});

scan("finds what killed runs left in all three trees, by the package's name", async ({ tree }) => {
  tree.module("hello/1.0", { destination: "/kernel/net" }).installed(K, { at: "kernel/net" });
  tree.module("other/2");
  const kept = `${dkms}/hello/original_module/${K}/x86_64/own.ko`;
  tree.write(kept, "");
  tree.write(`${kept}.origin`, `/lib/modules/${K}/kernel/drivers/own.ko\n`);
  const places = ["updates/dkms", "extra", "kernel/net", "kernel/drivers"].map((place) => `lib/modules/${K}/${place}`);
  const left = [`${dkms}/hello`, "usr/src", ...places].map((place) =>
    tree.write(`${place}/.dkms-agent-hello.0123456789ab`, ""),
  );
  const gone = tree.write(`lib/modules/${K}/updates/dkms/.dkms-agent-gone.0123456789ab`, "");
  tree.write(`lib/modules/${K}/extra/.hidden`, "");
  const actual = await scanActual(tree.host(), nothingAsked);
  assert.equal(
    actual.strays.map(({ name, paths }) => ({ name, paths: [...paths].sort() })),
    [
      { name: "gone", paths: [gone] },
      { name: "hello", paths: left.sort() },
    ],
  );
  assert.equal(
    actual.modules.map(({ leftovers }) => leftovers),
    [[], []],
  );
});

scan(
  "finds what a killed run left where a build belongs that is not installed any more, and nowhere else",
  async ({ tree }) => {
    tree.module("hello/1.0", { destination: "/kernel/net" }).built(K);
    const destinations = ["/kernel/misc", "/../../../usr/src/elsewhere"];
    const objects = destinations.map((destination) => ({ file: "hello.ko", sha256: "", size: 1, destination }));
    const record = { ...buildRecord({ module: hello, kernel }), objects };
    tree.write(`${built}/.dkms-agent-build.json`, formatBuildRecord(record));
    tree.write("etc/os-release", "ID=gentoo\n");
    const hide = (place: string) => tree.write(`${place}/.dkms-agent-hello.0123456789ab`, "");
    hide("usr/src/elsewhere");
    const left = ["kernel/misc", "kernel/net"].map((place) => hide(`lib/modules/${K}/${place}`));
    const { strays } = await scanActual(tree.host(), nothingAsked);
    assert.equal(
      strays.map(({ name, paths }) => [name, [...paths].sort()]),
      [["hello", left]],
    );
  },
);

for (const [title, place] of [
  ["the DKMS tree", dkms],
  ["a build", `${built}/module`],
  ["an object", `${built}/module/hello.ko`],
  ["a record", `${built}/.dkms-agent-build.json`],
  ["an installed object", `${installed}/hello.ko`],
  ["a kernel", `lib/modules/${K}/modules.dep`],
  ["the install tree", "lib/modules"],
] as const) {
  scan(`is incomplete when ${title} cannot be read, and goes on with the rest`, async ({ tree }) => {
    tree.module("hello/1.0").installed(K);
    tree.module("other/2").built("6.1.0-2");
    writeRecord(tree, { objects: ["hello.ko"] });
    const actual = await scanActual(tree.host({ files: filesRefusing(tree.at(place)) }), nothingAsked);
    assert.not(actual.complete);
    assert.ok(actual.findings.length > 0);
    for (const { code, path: where } of actual.findings) {
      assert.is(code, "E_PERMISSION");
      assert.ok(where.startsWith(tree.at(place)), where);
    }
    assert.is(actual.modules.length, place === dkms ? 0 : 2);
    const states = actual.modules.flatMap(({ instances }) => instances);
    for (const { problems } of states)
      assert.equal(
        problems.filter(({ kind }) => kind !== "unreadable"),
        [],
      );
  });
}

scan("digests sources, in the source tree and where the document says", async ({ tree }) => {
  tree.module("hello/1.0");
  tree.write("srv/hello/dkms.conf", fs.readFileSync(tree.at("usr/src/hello-1.0/dkms.conf")));
  tree.write("srv/no-conf/Makefile", "");
  const source = (directory?: string) => ({ module: hello, directory });
  const read = async (one: ScanRequest["sources"][number]) =>
    (await scanActual(tree.host(), { ...nothingAsked, sources: [one] })).sources.get(moduleKey(one.module));
  const same = await read(source(tree.at("srv/hello")));
  assert.ok(typeof same?.given === "object" && same.given.digest === same.inTree?.digest);
  assert.is(same?.inTree?.directory, tree.at("usr/src/hello-1.0"));
  assert.is((await read(source()))?.given, undefined);
  for (const place of ["srv/no-conf", "srv/nowhere"]) {
    const unusable = await read(source(tree.at(place)));
    assert.is(unusable?.given, undefined);
    assert.match(unusable?.problem?.text ?? "", `${tree.at(place)} is not there, or has no dkms.conf`);
  }
  const unknown = await read({ module: { name: "new", version: "1" }, directory: undefined });
  assert.is(unknown?.inTree, undefined);
  assert.match(unknown?.problem?.remedy ?? "", /add `source:` to the document$/);
  const another = await read({ module: { name: "hello", version: "1.1" }, directory: undefined });
  assert.match(another?.problem?.remedy ?? "", /; the source tree has version 1\.0$/);
});

scan("tells what a build would be made from, and what it lacks", async ({ tree }) => {
  tree.module("hello/1.0");
  tree.kernel("6.1.0-2", { headers: false });
  const request = askFor({ module: hello, kernel }, { module: hello, kernel: { ...kernel, release: "6.1.0-2" } });
  const host: Host = {
    ...tree.host(),
    findProgram: (name) => (name === "make" ? undefined : tree.at("etc/os-release")),
  };
  const actual = await scanActual(host, request);
  const prospect = actual.prospects.get(instanceAddress({ module: hello, kernel }));
  assert.ok(prospect?.conf.ok);
  assert.is(prospect?.exclusion, undefined);
  assert.equal(prospect?.missingTools, ["make"]);
  assert.is(prospect?.inputs?.source, actual.sources.get(moduleKey(hello))?.inTree?.digest);
  assert.is(prospect?.inputs?.headers, actual.kernels[0]?.headers?.digest);
  const headless = actual.prospects.get(instanceAddress({ module: hello, kernel: { ...kernel, release: "6.1.0-2" } }));
  assert.ok(headless?.conf.ok);
  assert.is(headless?.inputs, undefined);
});

scan("says why dkms.conf excludes a kernel, and does not guess without its configuration", async ({ tree }) => {
  const conf = (more: string) =>
    `PACKAGE_NAME=hello\nPACKAGE_VERSION=1.0\nBUILT_MODULE_NAME=hello\nDEST_MODULE_LOCATION=/updates\n${more}\n`;
  tree.kernel("6.1.0-2", { headers: false });
  const exclusions = async (more: string) => {
    tree.write("usr/src/hello-1.0/dkms.conf", conf(more));
    const other = { ...kernel, release: "6.1.0-2" };
    const { prospects } = await scanActual(
      tree.host(),
      askFor({ module: hello, kernel }, { module: hello, kernel: other }),
    );
    return [kernel, other].map((one) => prospects.get(instanceAddress({ module: hello, kernel: one }))?.exclusion);
  };
  tree.module("hello/1.0");
  const [here, there] = await exclusions('BUILD_EXCLUSIVE_CONFIG="CONFIG_NOT_THERE"');
  assert.match(here ?? "", "CONFIG_NOT_THERE");
  assert.is(there, undefined);
  for (const text of await exclusions('BUILD_EXCLUSIVE_KERNEL_MIN="7.0"')) assert.match(text ?? "", "7.0");
});

scan("evaluates the source that the document names, since that one will be built", async ({ tree }) => {
  tree.module("hello/1.0");
  const given = path.dirname(tree.write("srv/hello/dkms.conf", "PACKAGE_NAME=hello\n"));
  const request = askFor({ module: hello, kernel });
  const actual = await scanActual(tree.host(), { ...request, sources: [{ module: hello, directory: given }] });
  assert.is(actual.prospects.get(instanceAddress({ module: hello, kernel }))?.conf.ok, false);
});

function askFor(...instances: readonly Omit<ProspectRequest, "directives">[]): ScanRequest {
  return {
    sources: instances.map(({ module }) => ({ module, directory: undefined })),
    prospects: () => instances.map((one) => ({ ...one, directives: {} })),
  };
}

/** `superseded`: files below the root. */
function writeRecord(
  tree: TreeBuilder,
  { objects, superseded }: { objects: readonly string[]; superseded?: readonly string[] },
): BuildRecord {
  const record: BuildRecord = {
    format: 1,
    module: hello,
    kernel,
    inputs: { source: "a", conf: "b", headers: "c", compiler: "d", dependencies: {} },
    builtAt: "2026-01-01T00:00:00.000Z",
    durationMs: 1,
    objects: objects.map((file) => ({ file, sha256: digestOf(tree, `${built}/module/${file}`) ?? "", size: 1 })),
    ...(superseded && {
      superseded: superseded.map((file) => ({
        file: path.basename(file),
        sha256: digestOf(tree, file) ?? "",
        directory: path.relative(`lib/modules/${K}`, path.dirname(file)),
      })),
    }),
  };
  tree.write(`${built}/.dkms-agent-build.json`, formatBuildRecord(record));
  return record;
}

function digestOf(tree: TreeBuilder, file: string): string | undefined {
  return tree.host().files.sha256(tree.at(file));
}

function instanceOf({ modules }: ActualState): InstanceState {
  const instance = modules[0]?.instances[0];
  if (!instance) throw new Error("the test made an instance");
  return instance;
}

function problemsOf({ problems }: InstanceState): (readonly [string, string])[] {
  return problems.map(({ kind, path: place }) => [kind, place]);
}

scan.run();
