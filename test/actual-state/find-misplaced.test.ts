import fs from "node:fs";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { InstanceState } from "../../src/actual-state/actual-state.ts";
import { scanActual } from "../../src/actual-state/scan-actual.ts";
import { formatBuildRecord } from "../../src/dkms/build-record.ts";
import { moduleKey } from "../../src/dkms/id.ts";
import { install } from "../../src/dkms/verbs/install.ts";
import { uninstall } from "../../src/dkms/verbs/uninstall.ts";
import { localFiles } from "../../src/host/local-files.ts";
import { fakeObject } from "../rig/fake-object.ts";
import type { TreeBuilder } from "../rig/tree-builder.ts";
import { demo, expectDone, kernel, release, verbWorld } from "../rig/verb-world.ts";

/**
 * The scan and the verbs must agree on whose an object is: a problem that a verb does not mend comes back in every plan,
 * and an object that is no problem must not be touched.
 */
const agreeing = suite("the scan and the verbs, for random install trees");

const modules = `lib/modules/${release}`;
const places = [
  "updates/dkms/demo.ko",
  "updates/dkms/demo.ko.xz",
  "updates/dkms/old.ko",
  "extra/demo.ko",
  "kernel/net/demo.ko",
  "kernel/net/old.ko",
] as const;
const contents = ["built", "superseded", "other version", "rival", "foreign"] as const;

const level = fc.constantFrom("built", "installed");
const world = fc.record({
  level,
  other: fc.constantFrom(undefined, "built", "installed"),
  rival: fc.constantFrom(undefined, undefined, "built", "installed"),
  /** Made by dell/dkms otherwise. */
  isRecorded: fc.boolean(),
  files: fc.dictionary(fc.constantFrom(...places), fc.constantFrom(...contents), { maxKeys: 4 }),
});
type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

agreeing("what is wrong with an instance is mended by its uninstall", async () => {
  await forAll(async (tree, given) => {
    const before = await instanceOf(tree);
    const isOrphaned = before.problems.some(({ kind }) => kind === "orphan");
    const objects = contentsOf(tree);
    const isNeeded = before.level === "installed" || isOrphaned;
    const done = expectDone(await uninstall(tree.host(), demo()));
    done.undo.commit();
    if (given.level !== "installed" || given.other !== "installed") assert.is(done.changed, isNeeded);
    assert.equal(await problemsOf(tree, "orphan"), []);
    const kept = contentsOf(tree);
    for (const [place, content] of objects) if (isForeign(place, content, before)) assert.is(kept.get(place), content);
  });
});

agreeing("what is wrong with an instance is mended by its install", async () => {
  await forAll(async (tree, given) => {
    const before = await instanceOf(tree);
    const isWrong = before.level !== "installed" || before.problems.length > 0;
    const replaces = [demo("2.0").module];
    const result = await install(tree.host(), demo(), { replaces });
    if (!result.ok) {
      assert.is(result.error.code, "E_PRECONDITION");
      assert.is(given.rival, "installed");
      return;
    }
    result.value.undo.commit();
    if (isWrong) assert.ok(result.value.changed);
    assert.equal((await instanceOf(tree)).problems, []);
    assert.is((await instanceOf(tree)).level, "installed");
  });
});

agreeing.run();

function object(content: string): Buffer {
  return fakeObject({ name: "demo", release, filling: content });
}

async function forAll(check: (tree: TreeBuilder, given: World) => Promise<void>): Promise<void> {
  const property = fc.asyncProperty(world, async (given) => {
    const tree = verbWorld();
    try {
      prepare(tree, given);
      await check(tree, given);
    } finally {
      tree.remove();
    }
  });
  await fc.assert(property, { numRuns: 60 });
}

function prepare(tree: TreeBuilder, { level, other, rival, isRecorded, files }: World): void {
  const build = (key: string, content: string, isActive: boolean) => {
    const [name = "", version = ""] = key.split("/");
    const options = { objects: ["demo"], destination: "/kernel/net" };
    tree.module(key, options).built(release, { objects: { "demo.ko": object(content) } });
    if (isActive) tree.link(`${version}/${release}/x86_64`, `var/lib/dkms/${name}/kernel-${release}-x86_64`);
  };
  build("demo/1.0", "built", level === "installed");
  if (other) build("demo/2.0", "other version", other === "installed" && level !== "installed");
  if (rival) build("rival/1", "rival", rival === "installed");
  for (const [place, content] of Object.entries(files)) tree.write(`${modules}/${place}`, object(content));
  if (isRecorded) writeRecord(tree);
}

function writeRecord(tree: TreeBuilder): void {
  const top = `var/lib/dkms/demo/1.0/${release}/x86_64`;
  const old = tree.write("tmp/old.ko", object("superseded"));
  const digest = (file: string) => localFiles.sha256(file) ?? "";
  const record = {
    format: 1,
    ...demo(),
    inputs: { source: "", conf: "", headers: "", compiler: "", dependencies: {} },
    builtAt: "",
    durationMs: 1,
    objects: [{ file: "demo.ko", sha256: digest(tree.at(top, "module/demo.ko")), size: 1 }],
    superseded: ["demo.ko", "old.ko"].map((file) => ({ file, sha256: digest(old) })),
  } as const;
  tree.write(`${top}/.dkms-agent-build.json`, formatBuildRecord(record));
}

async function instanceOf(tree: TreeBuilder): Promise<InstanceState> {
  const actual = await scanActual(tree.host(), { sources: [], prospects: () => [] });
  assert.equal(actual.findings, []);
  const module = actual.modules.find(({ id }) => moduleKey(id) === "demo/1.0");
  const [instance] = module?.instances ?? [];
  if (!instance) throw new Error("the test made an instance");
  assert.equal(instance.kernel, kernel);
  return instance;
}

async function problemsOf(tree: TreeBuilder, wanted: string): Promise<readonly string[]> {
  const { problems } = await instanceOf(tree);
  return problems.filter(({ kind }) => kind === wanted).map(({ path }) => path);
}

/** Place -> which of the contents. */
function contentsOf(tree: TreeBuilder): ReadonlyMap<string, string> {
  const known = new Map(contents.map((content) => [object(content).toString("hex"), content]));
  return new Map(
    places.flatMap((place) => {
      const file = tree.at(modules, place);
      return fs.existsSync(file) ? [[place, known.get(fs.readFileSync(file, "hex")) ?? "unknown"]] : [];
    }),
  );
}

/** While it is installed, what lies at DKMS's place is the instance's whatever the content. */
function isForeign(place: string, content: string, { level }: InstanceState): boolean {
  const isOwnPlace = level === "installed" && place.startsWith("updates/dkms/demo.ko");
  return content !== "built" && content !== "superseded" && !isOwnPlace;
}
