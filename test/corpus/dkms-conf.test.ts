import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { evaluateInBash } from "../../src/dkms/conf/bash-evaluator.ts";
import type { DkmsConf } from "../../src/dkms/conf/dkms-conf.ts";
import { knownVariables } from "../../src/dkms/conf/evaluate-conf.ts";
import { loadConf, noKnownConfs } from "../../src/dkms/conf/load-conf.ts";
import { entriesOf } from "../../src/dkms/conf/raw-conf.ts";
import { evaluateStatically } from "../../src/dkms/conf/static-evaluator.ts";
import { destinationDirectory, readDistribution } from "../../src/dkms/destination.ts";
import { exclusion } from "../../src/dkms/exclusion.ts";
import type { Kernel } from "../../src/dkms/kernel.ts";
import { readKernelConfig } from "../../src/dkms/kernel-config.ts";
import { type KnownEvaluations, openEvaluations } from "../../src/dkms/known-evaluations.ts";
import { makeCommand } from "../../src/dkms/make-command.ts";
import { readKernel } from "../../src/dkms/read-kernels.ts";
import { createHost } from "../../src/host/create-host.ts";
import type { Host } from "../../src/host/host.ts";
import { corpusPackages } from "../rig/corpus.ts";
import { type DellValues, dellValues, type Trees } from "../rig/dell-values.ts";
import type { HeadersOfKernel } from "../rig/kernels-with-headers.ts";
import type { CorpusPackage } from "../rig/parts.ts";
import { type PartsOf, testNeeding } from "../rig/test-needing.ts";

const parts = ["corpus", "dkms", "two-kernels", "rt-kernel", "later-kernel", "root"] as const;

interface Context {
  trees: Trees;
  top: string;
}

const agreeing = suite<Context>("dkms.conf of real packages");
agreeing.before.each((context) => {
  const top = fs.mkdtempSync(path.join(os.tmpdir(), "dkms-agent-corpus-"));
  const place = (name: string) => {
    fs.mkdirSync(path.join(top, name));
    return path.join(top, name);
  };
  Object.assign(context, {
    top,
    trees: { dkmsTree: place("dkms"), sourceTree: place("src"), installTree: place("modules") },
  });
});
agreeing.after.each(({ top }) => fs.rmSync(top, { recursive: true }));

/** Files, once for each kernel, by who answers for them. */
const tally = { static: 0, bash: 0 };
agreeing.after(() => {
  process.stdout.write(`${tally.static} evaluated without a process, ${tally.bash} by bash alone\n`);
});

function kernelsOf(part: PartsOf<(typeof parts)[number]>): readonly HeadersOfKernel[] {
  return [part("two-kernels").newer, part("rt-kernel"), part("later-kernel")];
}

interface Question {
  readonly host: Host;
  readonly module: CorpusPackage;
  readonly kernel: Kernel;
  readonly file: string;
}

/** The module in the source tree and the kernel in the install tree, for both commands. */
function ask({ trees }: Context, module: CorpusPackage, { release, directory }: HeadersOfKernel): Question {
  const source = path.join(trees.sourceTree, `${module.name}-${module.version}`);
  if (!fs.existsSync(source)) fs.symlinkSync(module.directory, source);
  fs.mkdirSync(path.join(trees.installTree, release));
  fs.symlinkSync(directory, path.join(trees.installTree, release, "build"));
  const host = createHost(trees);
  const kernel = readKernel(host, { release, arch: host.machine.arch });
  if (!kernel) throw new Error(`${release} is not read`);
  return { host, module, kernel, file: path.join(source, "dkms.conf") };
}

for (const one of corpusPackages()) {
  testNeeding(agreeing, parts, `${one.package}: the values are those of dell/dkms`, async (part, context) => {
    for (const headers of kernelsOf(part)) {
      const { host, module, kernel, file } = ask(context, one, headers);
      const conf = await loadConf(host, { module, kernel, file });
      assert.ok(conf.ok, headers.release);
      const theirs = dellValues(part("dkms"), module, { release: headers.release, trees: context.trees });
      const ours = valuesOf(conf.value, { host, module, kernel, file });
      assert.equal(ours, comparable(theirs, Object.keys(ours)), headers.release);
    }
  });

  testNeeding(agreeing, parts, `${one.package}: both evaluators agree, where both apply`, async (part, context) => {
    for (const headers of kernelsOf(part)) {
      const { host, module, kernel, file } = ask(context, one, headers);
      const variables = knownVariables(host, { module, kernel });
      const known = evaluateStatically(fs.readFileSync(file, "utf8"), variables);
      const asked = await evaluateInBash(host.run, { file, variables, inherited: [] });
      assert.ok(asked.ok, headers.release);
      assert.is(
        entriesOf(asked.value.raw).some(({ name }) => name === "PACKAGE_NAME"),
        true,
      );
      tally[known ? "static" : "bash"] += 1;
      if (known) assert.equal(entriesOf(known), entriesOf(asked.value.raw), headers.release);
    }
  });
}

for (const one of corpusPackages()) {
  testNeeding(agreeing, parts, `${one.package}: what is known of it is what bash says anew`, async (part, context) => {
    for (const headers of kernelsOf(part)) {
      const { host, module, kernel, file } = ask(context, one, headers);
      const known = openEvaluations(host, "test");
      const processes: string[] = [];
      const run: Host["run"] = (command) => {
        processes.push(command.file);
        return host.run(command);
      };
      const read = (byBash?: KnownEvaluations) =>
        loadConf({ ...host, run }, { module, kernel, file, known: noKnownConfs(byBash) });
      const first = await read(known);
      const asked = processes.length;
      const again = await read(known);
      const isKept = processes.length === asked;
      const anew = await read();
      assert.ok(first.ok, headers.release);
      assert.equal([again, anew], [first, first], headers.release);
      if (asked > 0) kept.set(one.package, isKept);
    }
  });
}

/** Packages that need bash, and whether what it says is kept. */
const kept = new Map<string, boolean>();
agreeing.after(() => {
  const names = (isKept: boolean) => [...kept].flatMap(([name, one]) => (one === isKept ? name : [])).join(", ");
  process.stdout.write(`said by bash, and kept: ${names(true)}; asked anew: ${names(false)}\n`);
  for (const name of ["ddcci-dkms", "v4l2loopback-dkms"]) assert.is(kept.get(name) ?? true, true, name);
});

/** What a dkms.conf comes to, under the names of dell/dkms; what is empty is left out, as there it may also be unset. */
type Values = Readonly<Record<string, readonly string[]>>;

function valuesOf(conf: DkmsConf, { host, module, kernel }: Question): Values {
  const { objects, scripts, exclusive } = conf;
  const distribution = readDistribution(host);
  const command = makeCommand(conf, { kernel, module, dkmsTree: host.paths.dkmsTree, jobs: undefined, llvm: false });
  return {
    package_name: [conf.packageName],
    package_version: [conf.packageVersion],
    num_modules: [String(objects.length)],
    built_module_name: objects.map(({ builtName }) => builtName),
    built_module_location: objects.map(({ builtLocation }) => builtLocation),
    dest_module_name: objects.map(({ destName }) => destName),
    dest_module_location: objects.map((object) => destinationDirectory(object, distribution)),
    DEST_MODULE_LOCATION: objects.map(({ destLocation }) => destLocation),
    strip: objects.map(({ strip }) => (strip ? "yes" : "no")),
    // dell/dkms puts this in later.
    make_command: [command.replace(` KERNELRELEASE=${kernel.id.release}`, "")],
    patch_array: conf.patches,
    build_exclude: exclusion(conf, kernel, readKernelConfig(host, kernel)) === undefined ? [] : ["yes"],
    pre_build: [scripts.preBuild ?? ""],
    post_build: [scripts.postBuild ?? ""],
    pre_install: [scripts.preInstall ?? ""],
    post_install: [scripts.postInstall ?? ""],
    post_remove: [scripts.postRemove ?? ""],
    post_add: [scripts.postAdd ?? ""],
    obsolete_by: [conf.obsoleteBy ?? ""],
    BUILD_DEPENDS: conf.buildDepends,
    BUILD_DEPENDS_REBUILD: [conf.buildDependsRebuild ? "yes" : ""],
    AUTOINSTALL: [conf.autoinstall ? "yes" : ""],
    NO_WEAK_MODULES: [conf.noWeakModules ? "yes" : ""],
    BUILD_EXCLUSIVE_ARCH: [exclusive.arch?.pattern ?? ""],
    BUILD_EXCLUSIVE_CONFIG: [exclusive.config ?? ""],
    BUILD_EXCLUSIVE_KERNEL: [exclusive.kernel?.pattern ?? ""],
    BUILD_EXCLUSIVE_KERNEL_MIN: [exclusive.kernelMin ?? ""],
    BUILD_EXCLUSIVE_KERNEL_MAX: [exclusive.kernelMax ?? conf.obsoleteBy ?? ""],
  };
}

/** A plain variable that is unset is an empty one; yes is written in any case. */
function comparable(values: DellValues, names: readonly string[]): Values {
  return Object.fromEntries(
    names.map((name) => {
      const entries = [...(values.get(name) ?? [])].sort(([a], [b]) => a - b).map(([, value]) => value);
      const isList = /^(built_|dest_|DEST_|strip|patch_|build_exclude|BUILD_DEPENDS$)/.test(name);
      const shown = name === "AUTOINSTALL" ? entries.map((value) => value.toLowerCase()) : entries;
      return [name, isList || shown.length > 0 ? shown : [""]];
    }),
  );
}

agreeing.run();
