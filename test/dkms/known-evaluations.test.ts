import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadConf, noKnownConfs } from "../../src/dkms/conf/load-conf.ts";
import { type KnownEvaluations, openEvaluations } from "../../src/dkms/known-evaluations.ts";
import { evaluationsFile } from "../../src/dkms/state-layout.ts";
import type { Host } from "../../src/host/host.ts";
import { awaitTick } from "../rig/await-tick.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";
import { kernelOf } from "./conf/conf-builder.ts";

interface Context {
  tree: TreeBuilder;
}

const evaluations = suite<Context>("openEvaluations");
evaluations.before.each((context) => {
  context.tree = dkmsTree();
  context.tree.write("build/.config", "CONFIG_A=y\n");
  fs.mkdirSync(context.tree.at("var/lib/dkms/.dkms-agent"), { recursive: true });
});
evaluations.after.each(({ tree }) => tree.remove());

const module = { name: "demo", version: "1.0" };
const told = "[ -f $kernel_source_dir/.config ] && . $kernel_source_dir/.config\nMAKE=make-$CONFIG_A\n";

/** What `make` comes to, asked as one look asks, and how many processes that took. */
async function ask(
  tree: TreeBuilder,
  known: KnownEvaluations,
  text: string,
  places = ["one"],
  host = settledHost(tree),
) {
  let processes = 0;
  const run: Host["run"] = (command) => {
    if (!command.isNoted) processes += 1;
    return host.run(command);
  };
  const confs = noKnownConfs(known);
  const kernel = kernelOf({ headers: { directory: tree.at("build"), digest: "" } });
  const makes: (string | undefined)[] = [];
  for (const place of places) {
    const file = tree.write(`${place}/dkms.conf`, `${plain}${text}`);
    const conf = await loadConf({ ...host, run }, { module, kernel, file, known: confs });
    makes.push(conf.ok ? conf.value.make : conf.error.message);
  }
  return { makes, processes };
}

const plain = "PACKAGE_NAME=demo\nPACKAGE_VERSION=1.0\nDEST_MODULE_LOCATION=/extra\n";

/** To its clock everything happened long ago. */
function settledHost(tree: TreeBuilder): Host {
  return tree.host({ clock: () => new Date(Date.now() + 10_000) });
}

function open(tree: TreeBuilder, build = "this"): KnownEvaluations {
  return openEvaluations(settledHost(tree), build);
}

async function keep(tree: TreeBuilder, text = told): Promise<string> {
  const known = open(tree);
  await ask(tree, known, text);
  known.save({ whole: true });
  return evaluationsFile(tree.host().paths);
}

evaluations("bash is asked once, for all places, all looks and all runs", async ({ tree }) => {
  const first = open(tree);
  assert.equal(await ask(tree, first, told, ["one", "two"]), { makes: ["make-y", "make-y"], processes: 1 });
  assert.equal(await ask(tree, first, told, ["two", "one"]), { makes: ["make-y", "make-y"], processes: 0 });
  first.save({ whole: true });
  assert.equal(await ask(tree, open(tree), told), { makes: ["make-y"], processes: 0 });
});

evaluations("another text, kernel configuration or program is asked about anew", async ({ tree }) => {
  await keep(tree);
  assert.is((await ask(tree, open(tree), `${told}# more\n`)).processes, 1);
  tree.write("build/.config", "CONFIG_A=n\n");
  assert.equal(await ask(tree, open(tree), told), { makes: ["make-n"], processes: 1 });
  fs.rmSync(tree.at("build/.config"));
  assert.equal(await ask(tree, open(tree), told), { makes: ["make-"], processes: 1 });
});

evaluations("how many processors there are is asked again, and bash if there are others", async ({ tree }) => {
  const text = 'N=`nproc`\n[ $N -gt 16 ] && N=16\nMAKE="make -j$(nproc)"\n';
  let processors = "2";
  const { run, ...host } = settledHost(tree);
  // nproc goes by what OpenMP goes by too.
  const counting: Host = { ...host, run: (command) => run({ ...command, env: { OMP_NUM_THREADS: processors } }) };
  const known = openEvaluations(counting, "this");
  for (const [number, processes] of [
    ["2", 1],
    ["2", 0],
    ["3", 1],
    ["3", 0],
  ] as const) {
    processors = number;
    const makes = [`make -j${number}`, `make -j${number}`];
    assert.equal(await ask(tree, known, text, ["one", "two"], counting), { makes, processes });
  }
});

evaluations("nothing is known of what changed a moment before it was read, or while it was", async ({ tree }) => {
  const known = openEvaluations(tree.host(), "this");
  tree.write("build/.config", "CONFIG_A=m\n");
  assert.is((await ask(tree, known, told)).processes, 1);
  assert.is((await ask(tree, known, told)).processes, 1);
  const file = tree.write("dkms.conf", "text");
  for (const [place, content, isKept] of [
    ["elsewhere", "", true],
    ["build/.config", "CONFIG_A=yes\n", false],
    ["dkms.conf", "another", false],
    ["dkms.conf", "text", false],
  ] as const) {
    const settled = open(tree);
    const source = { file, text: fs.readFileSync(file, "utf8") };
    const { keep } = await settled.watch(source, async ({ files }) => files.stat(tree.at("build/.config")));
    awaitTick(tree.at("tick"));
    tree.write(place, content);
    keep("question", { raw: new Map(), complaints: [] });
    assert.is((await settled.recall(tree.host(), "question")) !== undefined, isKept, place);
  }
});

evaluations("whatever could say something else is asked in every look, once for each place", async ({ tree }) => {
  const text = "MAKE=make-$(date +%N | wc -l)\n";
  const known = open(tree);
  for (let look = 0; look < 2; look++) assert.is((await ask(tree, known, text, ["one", "two", "one"])).processes, 2);
  known.save({ whole: true });
  assert.not(fs.existsSync(evaluationsFile(tree.host().paths)));
});

evaluations("what goes by its place, or complains of it, is known for that place alone", async ({ tree }) => {
  for (const text of ['MAKE=make-$(basename "$(dirname "$BASH_SOURCE")")\n', "MAKE=make\n[ a -eq 1 ] || :\n"]) {
    const known = open(tree);
    assert.is((await ask(tree, known, text, ["one", "two"])).processes, 2);
    assert.is((await ask(tree, known, text, ["one", "two"])).processes, 0);
  }
});

evaluations("what another program has kept, somebody else could have written, or is no such file", async ({ tree }) => {
  const file = await keep(tree);
  assert.is((await ask(tree, open(tree), told)).processes, 0);
  assert.is((await ask(tree, open(tree, "another"), told)).processes, 1);
  fs.chmodSync(file, 0o622);
  assert.is((await ask(tree, open(tree), told)).processes, 1);
  fs.chmodSync(file, 0o600);
  for (const spoilt of [fs.readFileSync(file).subarray(0, 100), Buffer.from("x"), Buffer.alloc(0)]) {
    fs.writeFileSync(file, spoilt);
    assert.is((await ask(tree, open(tree), told)).processes, 1);
  }
  fs.rmSync(file);
  fs.mkdirSync(file);
  assert.is((await ask(tree, open(tree), told)).processes, 1);
});

evaluations("keeps nothing twice, and forgets what nobody asks for any more or does not hold", async ({ tree }) => {
  const file = await keep(tree);
  const { ino } = fs.statSync(file);
  const same = open(tree);
  await ask(tree, same, told);
  same.save({ whole: true });
  assert.is(fs.statSync(file).ino, ino);
  const kept = () => fs.statSync(file).size;
  const one = kept();
  await saveAfter(tree, "[ a = b ] || MAKE=more\n", false);
  const two = kept();
  assert.ok(two > one, "beside what is there");
  await saveAfter(tree, "[ a = b ] || MAKE=most\n", true);
  assert.ok(kept() < two, "nothing else was asked for");
  await saveAfter(tree, told, false);
  tree.write("build/.config", "CONFIG_A=n\n");
  const before = kept();
  await saveAfter(tree, "true && MAKE=x\n", false);
  assert.ok(kept() < before, "what goes by another configuration");
});

async function saveAfter(tree: TreeBuilder, text: string, whole: boolean): Promise<void> {
  const known = open(tree);
  await ask(tree, known, text);
  known.save({ whole });
}

evaluations.run();
