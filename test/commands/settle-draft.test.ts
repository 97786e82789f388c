import fs from "node:fs";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { settleDraft, untold } from "../../src/commands/settle-draft.ts";
import { compare } from "../../src/compare.ts";
import { parseDesired } from "../../src/desired-state/load-desired.ts";
import type { Host } from "../../src/host/host.ts";
import { noFilter } from "../../src/plan/resolve-wanted.ts";
import { fakeObject } from "../rig/fake-object.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";

const draft = suite("settleDraft");

const kernels = ["6.1.0-1", "6.1.0-2", "6.12.0-1"];
const autoinstall = "AUTOINSTALL=yes\nPACKAGE_NAME=demo\nPACKAGE_VERSION=1\nDEST_MODULE_LOCATION=/updates/dkms\n";

/** As depmod does, as far as anybody asks here: modules.dep and its index name every object that is there. */
function listObjects(tree: TreeBuilder): void {
  for (const release of kernels) {
    const directory = `lib/modules/${release}`;
    const files = fs.readdirSync(tree.at(directory), { recursive: true, encoding: "utf8" });
    const list = files.filter((file) => file.endsWith(".ko")).map((file) => `${file}:\n`);
    for (const name of ["modules.dep", "modules.dep.bin"]) tree.write(`${directory}/${name}`, list.join(""));
  }
}

/** What is left to do with the document of a host. */
async function remaining(host: Host, text: string): Promise<readonly string[]> {
  const { desired, diagnostics } = parseDesired("imported", text);
  assert.ok(desired, diagnostics[0]?.message);
  const { plan } = await compare(host, desired, { filter: noFilter });
  assert.equal(plan.diagnostics, []);
  return [...plan.changes.map(({ address }) => address), ...plan.blocked.map(({ address }) => address)];
}

async function imported(build: (tree: TreeBuilder) => void, runningKernel?: string): Promise<string> {
  const tree = dkmsTree();
  try {
    for (const release of kernels) tree.kernel(release);
    build(tree);
    listObjects(tree);
    const host = tree.host({ machine: { arch: "x86_64", runningKernel } });
    const { text } = await settleDraft(host, { filter: noFilter });
    assert.equal(await remaining(host, text), []);
    return text.slice(text.indexOf("modules:"));
  } finally {
    tree.remove();
  }
}

draft("an empty tree is no module", async () => {
  assert.is(await imported(() => {}), "modules: []\n");
});

draft("a module that follows new kernels and has all of them goes on to follow them", async () => {
  const all = (tree: TreeBuilder) => {
    const demo = tree.module("demo/1", { conf: autoinstall });
    for (const release of kernels) demo.installed(release);
  };
  assert.match(await imported(all), "kernels: [installed]\n");
  const two = (tree: TreeBuilder) =>
    tree.module("demo/1", { conf: autoinstall }).installed("6.1.0-1").installed("6.12.0-1");
  assert.match(await imported(two, "6.1.0-1"), "kernels: [running, newest]\n");
  assert.match(await imported(two, "6.1.0-2"), "kernels: [6.1.0-1, 6.12.0-1]\n");
  assert.match(await imported(two), "kernels: [6.1.0-1, 6.12.0-1]\n");
});

draft("a module that does not follow new kernels keeps the ones that it has", async () => {
  const all = (tree: TreeBuilder) => {
    const demo = tree.module("demo/1", { conf: autoinstall.replace("yes", "no") });
    for (const release of kernels) demo.installed(release);
  };
  assert.match(await imported(all), `kernels: [${kernels.join(", ")}]\n`);
});

draft("two versions, installed for one kernel and built for another, are two entries", async () => {
  const text = await imported((tree) => {
    tree.module("demo/1").installed("6.1.0-1").built("6.1.0-2");
    tree.module("demo/2").built("6.1.0-1");
  });
  assert.match(text, "# built, but not installed, for 6.1.0-2: stays as it is\n  - name: demo\n");
  assert.match(text, 'version: "1"\n    state: installed\n    kernels: [6.1.0-1]\n');
  assert.match(text, 'version: "2"\n    state: built\n    kernels: [6.1.0-1]\n');
});

draft("a module that is protected stays so", async () => {
  const text = await imported((tree) => {
    tree.module("demo/1").built("6.1.0-1");
    tree.write("var/lib/dkms/.dkms-agent/protected/demo/1", "");
  });
  assert.match(text, "kernels: [6.1.0-1]\n    protect: true\n");
});

draft("what a plan would change is left out, for that kernel alone, and says why", async () => {
  const text = await imported((tree) => {
    tree.module("demo/1").installed("6.1.0-1").installed("6.1.0-2");
    tree.write(
      "lib/modules/6.1.0-1/updates/dkms/demo.ko",
      fakeObject({ name: "demo", release: "6.1.0-1", filling: "x" }),
    );
  });
  assert.match(text, /# installed for 6\.1\.0-1, and not listed: apply would install, depmod.*demo\.ko is not the one/);
  assert.match(text, "kernels: [6.1.0-2]\n");
});

draft("what only follows from something that is left out is not", async () => {
  const conf = (name: string, more = "") =>
    `PACKAGE_NAME=${name}\nPACKAGE_VERSION=1\nDEST_MODULE_LOCATION=/updates/dkms\n${more}`;
  const text = await imported((tree) => {
    tree
      .module("base/1", { conf: conf("base") })
      .installed("6.1.0-1")
      .built("6.1.0-2");
    tree.module("user/1", { conf: conf("user", "BUILD_DEPENDS=base\n") }).installed("6.1.0-1");
    tree.write(
      "lib/modules/6.1.0-1/updates/dkms/base.ko",
      fakeObject({ name: "base", release: "6.1.0-1", filling: "x" }),
    );
  });
  assert.match(text, "  # - name: base\n");
  assert.match(text, "\n  - name: user\n");
});

draft("names and texts that mean something to YAML come back as they are", async () => {
  const text = await imported((tree) => {
    tree.module("yes/no");
    for (const version of ["1.10", "0x10", "1e3", "no", "~1", "2001-01-01", "&a", "!x", "@1"])
      tree.module(`demo/${version}`);
  });
  const { desired } = parseDesired("imported", `apiVersion: dkms-agent/v1\n${text}`);
  assert.equal(
    desired?.modules.flatMap(({ name, version }) => (name === "demo" ? version : [])).sort(),
    ["!x", "&a", "0x10", "1.10", "1e3", "2001-01-01", "@1", "no", "~1"].sort(),
  );
});

const instance = fc.record({
  release: fc.constantFrom(...kernels, "5.10.0-1"),
  state: fc.constantFrom("built", "installed", "differs", "foreign"),
});
const module = fc.record({
  key: fc.constantFrom("demo/1", "demo/2", "user/1.10", "other/0x1", "odd$/1"),
  link: fc.constantFrom<"linked" | "missing" | "dangling">("linked", "linked", "linked", "missing", "dangling"),
  instances: fc.uniqueArray(instance, { selector: ({ release }) => release, maxLength: 3 }),
});

type Generated = typeof module extends fc.Arbitrary<infer T> ? T : never;

draft("whatever the tree: the plan is empty, and each module is in the document or told", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(module, { selector: ({ key }) => key, maxLength: 4 }), async (modules) => {
      const tree = dkmsTree();
      try {
        for (const release of kernels) tree.kernel(release);
        for (const one of modules) addModule(tree, one);
        listObjects(tree);
        const host = tree.host();
        const settled = await settleDraft(host, { filter: noFilter });
        assert.equal(await remaining(host, settled.text), settled.unavoidable);
        const told = untold(settled).join("\n");
        const listed = parseDesired("imported", settled.text).desired?.modules ?? [];
        for (const { key } of modules) {
          const isListed = listed.some(({ name, version }) => `${name}/${version}` === key);
          assert.ok(isListed || told.includes(`${key}: `), `${key} in:\n${settled.text}${told}`);
        }
      } finally {
        tree.remove();
      }
    }),
    { numRuns: 40 },
  );
});

draft.run();

function addModule(tree: TreeBuilder, { key, link, instances }: Generated) {
  const name = key.slice(0, key.indexOf("/"));
  const builder = tree.module(key, { link });
  for (const { release, state } of instances) {
    if (state === "foreign") builder.built(release, { arch: "aarch64" });
    // The active link can name one version.
    else if (state === "built" || isActive(tree, name, release)) builder.built(release);
    else builder.installed(release);
    const place = `lib/modules/${release}/updates/dkms/${name}.ko`;
    if (state === "differs") tree.write(place, fakeObject({ name, release, filling: "another" }));
  }
}

function isActive(tree: TreeBuilder, name: string, release: string): boolean {
  return fs.existsSync(tree.at(`var/lib/dkms/${name}/kernel-${release}-x86_64`));
}
