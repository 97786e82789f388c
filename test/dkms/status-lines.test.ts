import fs from "node:fs";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { statusLine } from "../../src/dkms/status-line.ts";
import { readStatus, type StatusFilter } from "../../src/dkms/status-lines.ts";
import { filesRefusing } from "../rig/failing-files.ts";
import { findPart } from "../rig/parts.ts";
import { runProgram } from "../rig/run-program.ts";
import { testNeeding } from "../rig/test-needing.ts";
import { dkmsTree, type ModuleOptions, type TreeBuilder } from "../rig/tree-builder.ts";

const K = "6.1.0-1";
const dkms = "var/lib/dkms";

const line = suite("statusLine");

line("has the format of dell/dkms 3.2.2", () => {
  const module = { name: "a", version: "1" };
  assert.is(statusLine({ level: "added", ...module }), "a/1: added");
  assert.is(statusLine({ level: "broken", ...module }), "a/1: broken");
  const instance = { ...module, release: K, arch: "x86_64" };
  assert.is(statusLine({ level: "built", ...instance, remarks: [] }), "a/1, 6.1.0-1, x86_64: built");
  assert.is(
    statusLine({ level: "installed", ...instance, remarks: ["originals", "differs"] }),
    "a/1, 6.1.0-1, x86_64: installed (Original modules exist) (Differences between built and installed modules)",
  );
  assert.is(
    statusLine({ level: "built", ...instance, remarks: ["missing"] }),
    "a/1, 6.1.0-1, x86_64: built (Built modules are missing in the kernel modules folder)",
  );
});

line.run();

const status = suite<{ tree: TreeBuilder }>("readStatus");
status.before.each((context) => {
  context.tree = dkmsTree();
});
status.after.each(({ tree }) => tree.remove());

status("has nothing to say of an empty tree", async ({ tree }) => {
  assert.equal(await readStatus(tree.host()), []);
});

status("passes over what it may not read", async ({ tree }) => {
  for (const name of ["a", "b", "c"]) tree.module(`${name}/1`).installed(K);
  const files = filesRefusing(tree.at(dkms, "a"), tree.at("lib/modules", K, "updates"));
  assert.equal(await linesOf(tree, {}, files), [
    "b/1, 6.1.0-1, x86_64: installed (Differences between built and installed modules)",
    "c/1, 6.1.0-1, x86_64: installed (Differences between built and installed modules)",
  ]);
});

status("sees an installed module also when the tree is reached through a link", async ({ tree }) => {
  tree.module("a/1").installed(K);
  tree.link("dkms", "var/lib/linked");
  const entries = await readStatus(tree.host({ dkmsTree: tree.at("var/lib/linked") }));
  assert.equal(entries.map(statusLine), ["a/1, 6.1.0-1, x86_64: installed"]);
});

/** Each makes one state of a tree; what we and dell/dkms say of it must be the same. */
const states: Readonly<Record<string, (tree: TreeBuilder) => void>> = {
  "an empty tree": () => {},
  "an added module": (tree) => tree.module("a/1"),
  "several versions and kernels": (tree) => {
    tree.module("a/1").built(K).built(`${K}-2`).built(`${K}.2`).built(K, { arch: "i686" });
    tree.module("a/1-1").installed(K);
    for (const key of ["a-b/1", "a./1", "a/1.2", "A/1", "a/1x"]) tree.module(key);
  },
  "odd kernel directories": (tree) => {
    const module = tree.module("a/1");
    for (const release of ["05.1", "6.", "6.x", "6x.1", "x6.1", "6", "66.1"]) module.built(release);
    fs.mkdirSync(tree.at(dkms, "a/1", K, "x86_64"), { recursive: true });
    tree.write(`${dkms}/a/1/6.2/i686/module`, "");
  },
  "links in the place of directories": (tree) => {
    tree.module("a/1").installed(K);
    tree.link(tree.at(dkms, "a/1", K), `${dkms}/a/1/6.5`);
    tree.link("a", `${dkms}/same`);
    tree.link("1", `${dkms}/a/2`);
  },
  "files in the place of directories": (tree) => {
    tree.write(`${dkms}/file`, "");
    tree.write(`${dkms}/a/file`, "");
    tree.module("a/1");
    tree.write(`${dkms}/a/1/6.1`, "");
    tree.write(`${dkms}/a/1/6.2/x86_64`, "");
  },
  "broken modules": (tree) => {
    tree.module("dangling/1", { link: "dangling" }).built(K);
    tree.module("missing/1", { link: "missing" }).built(K);
    tree.module("bare/1", { link: "missing" });
    fs.rmSync(tree.at("usr/src/bare-1"), { recursive: true });
    tree.module("directory/1", { link: "missing" });
    fs.mkdirSync(tree.at(dkms, "directory/1/source"));
    tree.module("file/1", { link: "missing" });
    tree.link(tree.write("file", ""), `${dkms}/file/1/source`);
    tree.module("good/1");
  },
  "active links of every kind": (tree) => {
    const targets = [`1/${K}/x86_64`, `./1/${K}/x86_64`, `../c/1/${K}/x86_64`, "nowhere", `1/${K}`];
    for (const [index, target] of targets.entries()) {
      const name = "abcde".charAt(index);
      tree.module(`${name}/1`).built(K);
      tree.link(target, `${dkms}/${name}/kernel-${K}-x86_64`);
      tree.write(`lib/modules/${K}/updates/dkms/${name}.ko`, fs.readFileSync(builtObject(tree, name)));
    }
    tree.module("f/1").built(K);
    fs.mkdirSync(tree.at(dkms, "f", `kernel-${K}-x86_64`));
    tree.module("g/1").built(K);
    tree.link(tree.at(dkms, "g/1", K, "x86_64"), `${dkms}/g/kernel-${K}-x86_64`);
  },
  "objects in other places": (tree) => {
    const places = ["updates", "extra", "kernel/drivers", ".", "elsewhere", "kernel/deep/er"];
    for (const [index, at] of places.entries()) {
      const name = "abcdef".charAt(index);
      tree.module(`${name}/1`, { destination: "/kernel/drivers" }).installed(K, { at });
    }
  },
  "an object that differs, and one more in another place": (tree) => {
    tree.module("a/1", { destination: "/extra" }).installed(K).installed(K.replace("1", "2"), { at: "extra" });
    tree.write(`lib/modules/${K}/updates/dkms/a.ko`, "other");
    tree.write(`lib/modules/${K}/extra/a.ko`, fs.readFileSync(builtObject(tree, "a")));
  },
  "an object that differs in one byte": (tree) => {
    tree.module("a/1").installed(K);
    const installed = tree.at("lib/modules", K, "updates/dkms/a.ko");
    const content = fs.readFileSync(installed);
    content[content.length - 1] = (content.at(-1) ?? 0) ^ 1;
    fs.writeFileSync(installed, content);
  },
  "installed links": (tree) => {
    for (const name of ["a", "b"]) {
      tree.module(`${name}/1`).installed(K);
      const place = `lib/modules/${K}/updates/dkms/${name}.ko`;
      fs.rmSync(tree.at(place));
      tree.link(name === "a" ? builtObject(tree, name) : "nowhere", place);
    }
  },
  "several objects, the first problem counts": (tree) => {
    const module = (name: string) => tree.module(`${name}/1`, { objects: [`${name}1`, `${name}2`, `${name}3`] });
    for (const name of ["a", "b", "c"]) module(name).installed(K);
    fs.rmSync(tree.at(dkms, "a/1", K, "x86_64/module/a2.ko"));
    tree.write(`lib/modules/${K}/updates/dkms/a3.ko`, "other");
    fs.rmSync(tree.at(dkms, "b/1", K, "x86_64/module/b2.ko"));
    tree.write(`lib/modules/${K}/updates/dkms/b1.ko`, "other");
  },
  "saved originals": (tree) => {
    for (const name of ["a", "b", "c"]) tree.module(`${name}/1`).installed(K).built(K, { arch: "i686" });
    tree.write(`${dkms}/a/original_module/${K}/x86_64/a.ko`, "");
    tree.write(`${dkms}/b/original_module/${K}/x86_64`, "");
    tree.write(`${dkms}/c/original_module/${K}/i686/c.ko.origin`, "");
    tree.write(`lib/modules/${K}/updates/dkms/a.ko`, "other");
  },
  "compressed objects": (tree) => {
    const kernels = { "6.1.0-1": "gz", "6.1.0-2": "xz", "6.1.0-3": "zst" } as const;
    const module = tree.module("a/1");
    for (const [release, compressed] of Object.entries(kernels)) {
      tree.kernel(release, { compressed });
      for (const arch of ["x86_64", "i686"]) module.built(release, { arch, objects: { [`a.ko.${compressed}`]: "a" } });
      module.installed(release);
    }
    module.installed("6.1.0-4", { objects: { "a.ko.xz": "a" } });
    module.built("6.1.0-5", { objects: { "a.ko.xz": "a" } });
    tree.kernel("6.1.0-6", { compressed: "zst" });
    module.installed("6.1.0-6", { objects: { "a.ko.xz": "a" } });
    tree.kernel("6.1.0-7", { compressed: "xz" });
    module.built("6.1.0-7", { objects: { "a.ko.xz": "a" } });
    tree.write("lib/modules/6.1.0-7/elsewhere/other.ko.zst", "");
  },
  "dkms.conf files that cannot be used": (tree) => {
    const good = "PACKAGE_NAME=a\nPACKAGE_VERSION=1\nBUILT_MODULE_NAME=a\nDEST_MODULE_LOCATION=/extra\n";
    const confs = ["", "if (", good.replace("/extra", "/elsewhere"), good.replace("PACKAGE_NAME", "NAME"), good];
    for (const [index, conf] of confs.entries()) {
      const name = "abcde".charAt(index);
      tree.module(`${name}/1`, { conf, objects: ["a"] }).installed(K);
      tree.write(`${dkms}/${name}/original_module/${K}/x86_64/a.ko`, "");
      tree.write(`lib/modules/${K}/updates/dkms/a.ko`, "other");
    }
    fs.rmSync(tree.at("usr/src/e-1/dkms.conf"));
  },
  "a dkms.conf that says something else for each kernel": (tree) => {
    const conf = [
      'PACKAGE_NAME="a"\nPACKAGE_VERSION="1"\nBUILT_MODULE_NAME[0]="a"\nDEST_MODULE_LOCATION[0]="/extra"',
      'if [[ $kernelver == 6.2* ]]; then DEST_MODULE_NAME[0]="b"; fi\n',
    ];
    tree
      .module("a/1", { conf: conf.join("\n") })
      .installed("6.1.0-1")
      .installed("6.2.0-1");
  },
};

for (const [title, make] of Object.entries(states)) {
  testNeeding(status, ["dkms"], `says the same as dell/dkms of ${title}`, async (_part, { tree }) => {
    make(tree);
    await compareWithDkms(tree);
  });
}

testNeeding(status, ["dkms"], "filters as dell/dkms does", async (_part, { tree }) => {
  tree.module("a/1").built("6.1.0-1").built("6.2.0-1").built("6.2.0-1", { arch: "i686" });
  tree.module("a/2");
  tree.module("b/1").installed("6.1.0-1");
  tree.module("c/1", { link: "dangling" });
  const filters: readonly (readonly [readonly string[], StatusFilter])[] = [
    [["-m", "a"], { name: "a" }],
    [["-m", "a/1"], { name: "a", version: "1" }],
    [["-m", "zzz"], { name: "zzz" }],
    [["-v", "1"], { version: "1" }],
    [["-k", "6.1.0-1"], { kernels: [{ release: "6.1.0-1" }] }],
    [["-k", "9.9"], { kernels: [{ release: "9.9" }] }],
    [["-k", "6.2.0-1/i686"], { kernels: [{ release: "6.2.0-1", arch: "i686" }] }],
    [["-k", "6.2.0-1", "-k", "6.1.0-1"], { kernels: [{ release: "6.2.0-1" }, { release: "6.1.0-1" }] }],
    [["-a", "i686"], { kernels: [{ arch: "i686" }] }],
    [["-m", "b", "-k", "6.2.0-1"], { name: "b", kernels: [{ release: "6.2.0-1" }] }],
  ];
  for (const [options, filter] of filters) await compareWithDkms(tree, options, filter);
});

const names = fc.constantFrom("a", "a-b", "b", "B", "c.d");
const objectSet = fc.constantFrom(["x"], ["x", "y"], ["z"]);
const contents = fc.constantFrom("one", "two", "longer");
const object = fc.record({
  built: fc.option(contents, { freq: 6 }),
  installed: fc.option(contents, { freq: 6 }),
  at: fc.constantFrom("updates/dkms", "updates/dkms", "extra", "kernel/net", "updates", "."),
  suffix: fc.constantFrom(".ko", ".ko", ".ko.xz"),
});
const instance = fc.record({
  release: fc.constantFrom("6.1.0-1", "6.1.0-10", "6.1.0-2-rt", "6.12.1"),
  arch: fc.constantFrom("x86_64", "x86_64", "i686"),
  active: fc.boolean(),
  originals: fc.option(fc.constant(true), { freq: 1 }),
  objects: fc.array(object, { minLength: 2, maxLength: 2 }),
});
const module = fc.record({
  name: names,
  version: fc.constantFrom("1", "1.2", "1-2", "20240101"),
  link: fc.constantFrom<NonNullable<ModuleOptions["link"]>>("linked", "linked", "linked", "dangling", "missing"),
  destination: fc.constantFrom("/extra", "/kernel/net", "/updates/dkms"),
  objects: objectSet,
  instances: fc.array(instance, { maxLength: 4 }),
  conf: fc.option(fc.constantFrom("", "PACKAGE_NAME=x"), { freq: 8 }),
});
const world = fc.record({
  modules: fc.array(module, { maxLength: 5 }),
  compressed: fc.option(fc.constantFrom("6.1.0-1", "6.12.1")),
});
type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

testNeeding(status, ["dkms"], "says the same as dell/dkms of any tree", async () => {
  await fc.assert(
    fc.asyncProperty(world, async (made) => {
      const tree = dkmsTree();
      try {
        makeWorld(tree, made);
        await compareWithDkms(tree);
      } finally {
        tree.remove();
      }
    }),
    { numRuns: 60 },
  );
});

function makeWorld(tree: TreeBuilder, { modules, compressed }: World): void {
  if (compressed !== null) tree.kernel(compressed, { compressed: "xz" });
  for (const { name, version, link, destination, objects, instances, conf } of modules) {
    if (fs.existsSync(tree.at(dkms, name, version))) continue;
    tree.module(`${name}/${version}`, { link, destination, objects, ...(conf !== null && { conf }) });
    for (const one of instances) makeInstance(tree, { name, version, objects }, one);
  }
}

type Instance = World["modules"][number]["instances"][number];

function makeInstance(
  tree: TreeBuilder,
  { name, version, objects }: Pick<World["modules"][number], "name" | "version" | "objects">,
  { release, arch, active, originals, objects: states }: Instance,
): void {
  const place = `${dkms}/${name}/${version}/${release}/${arch}`;
  fs.mkdirSync(tree.at(place, "module"), { recursive: true });
  for (const [index, objectName] of objects.entries()) {
    const state = states[index];
    if (!state) continue;
    const { built, installed, at, suffix } = state;
    if (built !== null) tree.write(`${place}/module/${objectName}${suffix}`, built);
    if (installed !== null) tree.write(`lib/modules/${release}/${at}/${objectName}${suffix}`, installed);
  }
  if (originals) tree.write(`${dkms}/${name}/original_module/${release}/${arch}/x.ko`, "");
  const link = `${dkms}/${name}/kernel-${release}-${arch}`;
  if (active && !fs.existsSync(tree.at(link))) tree.link(`${version}/${release}/${arch}`, link);
}

function builtObject(tree: TreeBuilder, name: string): string {
  return tree.at(dkms, name, "1", K, "x86_64/module", `${name}.ko`);
}

async function compareWithDkms(tree: TreeBuilder, options: readonly string[] = [], filter: StatusFilter = {}) {
  const lookup = findPart("dkms");
  if (!lookup.found) throw new Error("the test asked for dkms before");
  // dell/dkms asks the machine's own os-release where objects go.
  fs.copyFileSync("/etc/os-release", tree.at("etc/os-release"));
  const [program, script] = lookup.part.command;
  const env = { LC_ALL: "C" };
  const theirs = await runProgram(program, [script, "status", ...tree.dkmsOptions(), ...options], { env });
  assert.is(theirs.exitCode, 0);
  const ours = await linesOf(tree, filter);
  assert.is(ours.map((one) => `${one}\n`).join(""), theirs.stdout, options.join(" "));
}

async function linesOf(tree: TreeBuilder, filter: StatusFilter, files = tree.host().files): Promise<string[]> {
  return (await readStatus(tree.host({ files }), filter)).map(statusLine);
}

status.run();
