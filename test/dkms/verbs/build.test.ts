import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseBuildRecord } from "../../../src/dkms/build-record.ts";
import { readObject } from "../../../src/dkms/read-object.ts";
import { readTree } from "../../../src/dkms/read-tree.ts";
import { add } from "../../../src/dkms/verbs/add.ts";
import { build } from "../../../src/dkms/verbs/build.ts";
import { localFiles } from "../../../src/host/local-files.ts";
import type { Run } from "../../../src/host/run.ts";
import { testNeeding } from "../../rig/test-needing.ts";
import type { TreeBuilder } from "../../rig/tree-builder.ts";
import { filesBelow } from "../../rig/tree-listing.ts";
import { twoObjects } from "../../rig/two-objects.ts";
import {
  demo,
  expectDone,
  expectFailure,
  expectUndoable,
  expectUntouched,
  expectUntouchedWhenFull,
  kernel,
  release,
  type SourceOptions,
  trees,
  verbWorld,
  writeSource,
} from "../../rig/verb-world.ts";

const building = suite<{ tree: TreeBuilder }>("build");
const instance = demo();
const place = `var/lib/dkms/demo/1.0/${release}/x86_64`;

building.before.each((context) => {
  context.tree = verbWorld();
});
building.after.each(({ tree }) => tree.remove());

/** A test of builds that compile nothing: the compiler is looked for all the same. */
function quickly(title: string, run: (tree: TreeBuilder) => Promise<void>): void {
  testNeeding(building, ["gcc", "make"], title, (_, { tree }) => run(tree));
}

async function added(tree: TreeBuilder, options: SourceOptions = {}): Promise<void> {
  writeSource(tree, options);
  const { version = "1.0" } = options;
  expectDone(await add(tree.host(), { module: { name: "demo", version } })).undo.commit();
}

testNeeding(
  building,
  ["headers", "gcc", "make", "kmod"],
  "compiles both objects for a real kernel",
  async (part, { tree }) => {
    const headers = part("headers").kernels[0];
    assert.ok(headers);
    if (!headers) return;
    tree.link(headers.directory, `lib/modules/${headers.release}/build`);
    twoObjects(tree, {});
    const host = tree.host();
    const real = { module: instance.module, kernel: { release: headers.release, arch: host.machine.arch } };
    expectDone(await add(host, { module: real.module }));
    const strips: (readonly string[])[] = [];
    const run: Run = (command) => {
      if (command.file === "strip") strips.push(command.args.map((word) => path.basename(word)));
      return host.run(command);
    };
    const done = expectDone(await build({ ...host, run }, real));
    done.undo.commit();
    assert.equal(strips, [["-g", "demo_a.ko", "demo_b.ko"]], "one process for all");
    const top = `var/lib/dkms/demo/1.0/${headers.release}/x86_64`;
    assert.equal(filesBelow(tree.at("var/lib/dkms/demo")), [
      `1.0/${headers.release}/x86_64/.dkms-agent-build.json`,
      `1.0/${headers.release}/x86_64/log/make.log`,
      `1.0/${headers.release}/x86_64/module/Module.symvers`,
      `1.0/${headers.release}/x86_64/module/demo_a.ko`,
      `1.0/${headers.release}/x86_64/module/demo_b.ko`,
      "1.0/source",
    ]);
    const object = await readObject(host, tree.at(top, "module/demo_b.ko"));
    assert.ok(object.ok && object.value.info.vermagic?.startsWith(`${headers.release} `));
    assert.not.ok(object.ok && Buffer.from(object.value.content).includes(".debug_info"), "stripped");
    const log = fs.readFileSync(tree.at(top, "log/make.log"), "utf8");
    assert.match(log, /# command: make -j\d+ KERNELRELEASE=/);
    assert.match(log, /CC \[M\] .*demo_a\.o/);
    assert.match(log, /# exit code: 0\n# time: \d+\.\d s, until \d{4}-/);
  },
);

quickly("makes a build that the scan finds, and can take it back", async (tree) => {
  await added(tree);
  await expectUndoable(tree, () => build(tree.host(), instance));
  assert.equal(
    readTree(tree.host()).modules.map(({ instances, leftovers }) => ({ instances, leftovers })),
    [{ instances: [{ kernel, active: false, originalsSaved: false }], leftovers: [] }],
  );
  assert.is(fs.statSync(tree.at(place)).mode & 0o777, 0o755);
});

quickly("records what it was made from and what came out", async (tree) => {
  await added(tree);
  expectDone(await build(tree.host(), instance)).undo.commit();
  const record = parseBuildRecord(fs.readFileSync(tree.at(place, ".dkms-agent-build.json"), "utf8"));
  assert.equal(
    record?.objects.map(({ file, sha256, size }) => ({ file, sha256, size })),
    ["demo_a.ko", "demo_b.ko"].map((file) => ({
      file,
      sha256: localFiles.sha256(tree.at(place, "module", file)),
      size: fs.statSync(tree.at(place, "module", file)).size,
    })),
  );
  assert.match(record?.inputs?.source ?? "", /^[0-9a-f]{64}$/);
});

quickly("does nothing when it is built already", async (tree) => {
  await added(tree);
  expectDone(await build(tree.host(), instance)).undo.commit();
  const before = trees(tree);
  assert.is(expectDone(await build(tree.host(), instance)).changed, false);
  assert.equal(trees(tree), before);
});

quickly("replaces a build, and can bring the old one back", async (tree) => {
  await added(tree);
  expectDone(await build(tree.host(), instance)).undo.commit();
  const old = localFiles.sha256(tree.at(place, "module/demo_a.ko"));
  writeSource(tree, { filling: "newer" });
  await expectUndoable(tree, () => build(tree.host(), instance, { replace: true }));
  assert.is.not(localFiles.sha256(tree.at(place, "module/demo_a.ko")), old);
});

quickly("runs PRE_BUILD before and POST_BUILD after the objects are in their place", async (tree) => {
  const pre = '#!/bin/sh\necho "$kernelver $arch $module $module_version" > made/env\necho hello from pre\n';
  const post = `#!/bin/sh\ncat made/env > "../$kernelver/$arch/env"\nls ../$kernelver/$arch/module > ../$kernelver/$arch/seen\n`;
  await added(tree, {
    conf: "PRE_BUILD=pre.sh\nPOST_BUILD=post.sh\n",
    scripts: { "pre.sh": pre, "post.sh": post },
  });
  await expectUndoable(tree, () => build(tree.host(), instance));
  assert.is(fs.readFileSync(tree.at(place, "env"), "utf8"), `${release} x86_64 demo 1.0\n`);
  assert.is(fs.readFileSync(tree.at(place, "seen"), "utf8"), "demo_a.ko\ndemo_b.ko\n");
  assert.ok(fs.lstatSync(tree.at(place)).isDirectory());
  assert.match(
    fs.readFileSync(tree.at(place, "log/make.log"), "utf8"),
    /PRE_BUILD: .*\n# command: pre\.sh\nhello from pre/,
  );
});

quickly("gives MAKE the compiler's names, DKMS's own variables and the umask of root", async (tree) => {
  tree.write(`usr/src/linux-headers-${release}/include/config/auto.conf`, 'CONFIG_CC_VERSION_TEXT="gcc (Debian) 12"\n');
  const conf = `MAKE[0]='{ env; echo "$dkms_tree $kernel_source_dir"; umask; } > made/env && cp made/* .'\n`;
  await added(tree, { conf: `${conf}POST_BUILD=post.sh\n`, scripts: { "post.sh": "cp env ../$kernelver/$arch/\n" } });
  const umask = process.umask(0o077);
  try {
    expectDone(await build(tree.host(), instance));
  } finally {
    process.umask(umask);
  }
  const said = fs.readFileSync(tree.at(place, "env"), "utf8").split("\n");
  for (const line of ["CC=gcc", "KERNEL_CC=gcc", `kernelver=${release}`, "module=demo", "0022"])
    assert.ok(said.includes(line), line);
  assert.ok(said.includes(`${tree.at("var/lib/dkms")} ${tree.at(`usr/src/linux-headers-${release}`)}`));
});

testNeeding(building, ["gcc", "make", "patch"], "applies patches", async (_, { tree }) => {
  await added(tree, {
    conf: "PATCH[0]=one.patch\nPOST_BUILD=post.sh\n",
    scripts: { "post.sh": "cp text ../$kernelver/$arch/\n" },
  });
  tree.write("usr/src/demo-1.0/text", "old\n");
  tree.write("usr/src/demo-1.0/patches/one.patch", "--- a/text\n+++ b/text\n@@ -1 +1 @@\n-old\n+new\n");
  expectDone(await build(tree.host(), instance));
  assert.is(fs.readFileSync(tree.at(place, "text"), "utf8"), "new\n");
  assert.is(fs.readFileSync(tree.at("usr/src/demo-1.0/text"), "utf8"), "old\n");
});

testNeeding(building, ["gcc", "make", "xz"], "compresses like the kernel's own modules", async (_, { tree }) => {
  fs.renameSync(
    tree.at(`lib/modules/${release}/kernel/drivers/own.ko`),
    tree.at(`lib/modules/${release}/kernel/drivers/own.ko.xz`),
  );
  await added(tree);
  expectDone(await build(tree.host(), instance));
  assert.equal(fs.readdirSync(tree.at(place, "module")), ["demo_a.ko.xz", "demo_b.ko.xz"]);
});

quickly("marks the versions of its dependencies", async (tree) => {
  tree.module("base/3.1", { objects: ["base"] }).installed(release);
  await added(tree, { conf: "BUILD_DEPENDS[0]=base\nBUILD_DEPENDS_REBUILD=yes\n" });
  expectDone(await build(tree.host(), instance));
  assert.is(fs.readFileSync(tree.at(place, ".dep_base"), "utf8"), "3.1\n");
});

quickly("begins a log of its own where the source brings one", async (tree) => {
  await added(tree);
  tree.write("usr/src/demo-1.0/make.log", "left over\n");
  expectDone(await build(tree.host(), instance));
  assert.not.match(fs.readFileSync(tree.at(place, "log/make.log"), "utf8"), /left over/);
});

quickly("clears away what a killed build left behind", async (tree) => {
  await added(tree);
  tree.write("var/lib/dkms/demo/1.0/build/junk.o", "");
  tree.write(`var/lib/dkms/demo/1.0/${release}/.tmp_x86_64_abc/module/x.ko`, "");
  tree.link(".tmp_x86_64_abc", place);
  expectDone(await build(tree.host(), instance)).undo.commit();
  assert.equal(readTree(tree.host()).modules[0]?.leftovers, []);
  assert.equal(fs.readdirSync(tree.at(`var/lib/dkms/demo/1.0/${release}`)), ["x86_64"]);
});

quickly("shows the error of a failed make, and keeps its log", async (tree) => {
  const noise = "for i in $(seq 40); do echo line $i; done\n";
  const script = `${noise}echo "x.c:1: error: no such thing"\n${noise}exit 2\n`;
  await added(tree, { conf: "MAKE[0]='sh make.sh'\n", scripts: { "make.sh": script } });
  const failure = await expectUntouched(tree, "E_MAKE", () => build(tree.host(), instance));
  assert.is(failure.dkmsExit, 10);
  assert.is(failure.log?.path, tree.at(`var/lib/dkms/.dkms-agent/logs/demo/1.0/${release}/x86_64/make.log`));
  assert.is(failure.log?.tail.length, 15);
  assert.equal(failure.log?.tail.slice(2, 5), ["line 40", "x.c:1: error: no such thing", "line 1"]);
  assert.match(fs.readFileSync(failure.log?.path ?? "", "utf8"), /# exit code: 2/);
});

quickly("keeps the old build when its successor fails", async (tree) => {
  await added(tree);
  expectDone(await build(tree.host(), instance)).undo.commit();
  await added(tree, { conf: "POST_BUILD=post.sh\n", scripts: { "post.sh": "exit 9\n" } });
  const replace = () => build(tree.host(), instance, { replace: true });
  const failure = await expectUntouched(tree, "E_SCRIPT", replace);
  assert.is(failure.dkmsExit, 9);
});

quickly("forgets the log of a failure when a build succeeds", async (tree) => {
  await added(tree, { conf: "MAKE[0]=false\n" });
  const { log } = expectFailure(await build(tree.host(), instance), "E_MAKE");
  await added(tree);
  writeSource(tree);
  expectDone(await build(tree.host(), instance)).undo.commit();
  assert.not.ok(fs.existsSync(log?.path ?? ""));
});

quickly("refuses an object that was made for another kernel", async (tree) => {
  await added(tree, { madeFor: "6.1.0-2" });
  const failure = await expectUntouched(tree, "E_WRONG_KERNEL", () => build(tree.host(), instance));
  assert.match(failure.message, /made for 6\.1\.0-2, not for 6\.1\.0-1/);
  assert.match(failure.remedy ?? "", /uname -r/);
});

quickly("ends a build whose time is over, with everything that it started", async (tree) => {
  await added(tree, { conf: "MAKE[0]='sleep 300 & wait'\n" });
  const failure = await expectUntouched(tree, "E_TIMEOUT", () => build(tree.host(), instance, { timeoutMs: 300 }));
  assert.ok(failure.log);
});

quickly("does not wait longer when the clock is set back meanwhile", async (tree) => {
  await added(tree, { conf: "MAKE[0]='sleep 300 & wait'\n" });
  const hours = Array.from({ length: 1000 }, (_, hour) => new Date(2026, 1, 1, hour));
  const clock = () => hours.pop() ?? new Date(0);
  await expectUntouched(tree, "E_TIMEOUT", () => build(tree.host({ clock }), instance, { timeoutMs: 300 }));
});

quickly("ends a make that writes without end, and keeps the beginning of what it wrote", async (tree) => {
  await added(tree, { conf: "MAKE[0]='echo first; yes'\n" });
  const failure = await expectUntouched(tree, "E_MAKE", () => build(tree.host(), instance));
  assert.match(failure.message, /its log grew larger than 64 MiB/);
  const log = fs.readFileSync(failure.log?.path ?? "");
  assert.ok(log.length < (64 << 20) + 1000);
  assert.match(log.toString("utf8", 0, 1000), /\nfirst\ny\n/);
  assert.match(log.toString("utf8", log.length - 200), /# ended: flood/);
});

for (const [who, make] of Object.entries({
  make: "kill -KILL $$",
  "the compiler": 'echo "gcc: fatal error: Killed signal terminated program cc1"; exit 2',
  "a program of make's": 'echo "make[1]: *** [Makefile:3: x.o] Killed"; exit 2',
}))
  quickly(`tells when ${who} was killed, which is no fault of the module's`, async (tree) => {
    await added(tree, { conf: "MAKE[0]='sh made/make.sh'\n", scripts: { "made/make.sh": make } });
    const failure = await expectUntouched(tree, "E_KILLED", () => build(tree.host(), instance));
    assert.match(failure.remedy ?? "", /dmesg/);
    assert.is(failure.dkmsExit, 10);
  });

for (const [jobs, expected] of [
  [1, ["-j1"]],
  [4, ["-j4", "-j1"]],
] as const)
  quickly(`tries what was killed with ${jobs} jobs: ${expected.join(", then ")}`, async (tree) => {
    const count = `${tree.root}.count`;
    try {
      await added(tree, { conf: "MAKE[0]='make -f made/count.mk'\n", scripts: { "made/count.mk": counting(count) } });
      const failure = await expectUntouched(tree, "E_KILLED", () => build(tree.host(), instance, { jobs }));
      assert.equal(fs.readFileSync(count, "utf8").trimEnd().split("\n"), expected);
      assert.is(/alone and with one job/.test(failure.message), expected.length > 1);
    } finally {
      fs.rmSync(count, { force: true });
    }
  });

quickly("builds no source that changes while it is copied", async (tree) => {
  await added(tree);
  const makeDirectory = (directory: string) => {
    localFiles.makeDirectory(directory);
    if (directory.endsWith("/build")) writeSource(tree, { filling: "changed" });
  };
  const host = tree.host({ files: { ...localFiles, makeDirectory } });
  const failure = expectFailure(await build(host, instance), "E_PRECONDITION");
  assert.match(failure.message, /usr\/src\/demo-1\.0 changed while it was copied|source changed while it was copied/);
  assert.not.ok(fs.existsSync(tree.at(place)));
  expectDone(await build(tree.host(), instance)).undo.commit();
});

quickly("says when somebody else has cleared its directory, as dell/dkms does, and blames no module", async (tree) => {
  await added(tree, {
    conf: "MAKE[0]='sh made/make.sh'\n",
    scripts: { "made/make.sh": "d=$PWD; cd /; rm -r $d; mkdir $d; false\n" },
  });
  const failure = expectFailure(await build(tree.host(), instance), "E_PRECONDITION");
  assert.match(failure.message, /somebody else has cleared .*demo\/1\.0\/build during the build/i);
});

quickly("ends a build when the program is asked to stop", async (tree) => {
  await added(tree, { conf: "MAKE[0]='touch ../started; sleep 300 & wait'\n" });
  const stop = new AbortController();
  const watcher = fs.watch(tree.at("var/lib/dkms/demo/1.0"), (_, name) => name === "started" && stop.abort());
  try {
    const failure = expectFailure(await build(tree.host({ signal: stop.signal }), instance), "E_CANCELLED");
    assert.match(failure.message, /stopped during the build of demo\/1\.0@/);
  } finally {
    watcher.close();
  }
});

const refusals: readonly {
  readonly title: string;
  readonly code: Parameters<typeof expectFailure>[1];
  readonly exit: number;
  readonly conf?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly prepare?: (tree: TreeBuilder) => void;
}[] = [
  { title: "an object that make did not make", code: "E_NO_OBJECT", exit: 7, conf: "MAKE[0]=true\n" },
  {
    title: "a failing PRE_BUILD",
    code: "E_SCRIPT",
    exit: 5,
    conf: "PRE_BUILD=x.sh\n",
    scripts: { "x.sh": "exit 5\n" },
  },
  {
    title: "a failing POST_BUILD",
    code: "E_SCRIPT",
    exit: 6,
    conf: "POST_BUILD=x.sh\n",
    scripts: { "x.sh": "exit 6\n" },
  },
  {
    title: "a script from outside",
    code: "E_OUTSIDE_TREE",
    exit: 1,
    conf: "PRE_BUILD=../../../../../../etc/os-release\n",
  },
  { title: "a patch that is not there", code: "E_PATCH", exit: 5, conf: "PATCH[0]=none\n" },
  { title: "a patch from outside", code: "E_PATCH", exit: 5, conf: "PATCH[0]=../dkms.conf\n" },
  { title: "a missing dependency", code: "E_DEPENDENCY", exit: 13, conf: "BUILD_DEPENDS[0]=base\n" },
  { title: "a kernel that dkms.conf excludes", code: "E_EXCLUDED", exit: 77, conf: "BUILD_EXCLUSIVE_KERNEL='^5'\n" },
  {
    title: "a kernel without headers, of whose configuration nothing can be said",
    code: "E_NO_HEADERS",
    exit: 21,
    conf: "BUILD_EXCLUSIVE_CONFIG=CONFIG_X\n",
    prepare: (tree) => fs.rmSync(tree.at(`lib/modules/${release}/build`)),
  },
  {
    title: "a make that finds the disk full",
    code: "E_NO_SPACE",
    exit: 1,
    conf: "MAKE[0]='echo x.o: No space left on device; false'\n",
  },
  {
    title: "an excluded kernel without headers: the exclusion counts",
    code: "E_EXCLUDED",
    exit: 77,
    conf: "BUILD_EXCLUSIVE_ARCH='^alpha'\nBUILD_EXCLUSIVE_CONFIG=CONFIG_X\n",
    prepare: (tree) => fs.rmSync(tree.at(`lib/modules/${release}/build`)),
  },
  {
    title: "a kernel that is not there",
    code: "E_NO_KERNEL",
    exit: 21,
    prepare: (tree) => fs.rmSync(tree.at(`lib/modules/${release}`), { recursive: true }),
  },
  {
    title: "a source of nothing but dkms.conf",
    code: "E_NO_SOURCE",
    exit: 8,
    prepare: (tree) => fs.rmSync(tree.at("usr/src/demo-1.0/made"), { recursive: true }),
  },
  {
    title: "a broken module",
    code: "E_BROKEN_MODULE",
    exit: 4,
    prepare: (tree) => fs.rmSync(tree.at("usr/src/demo-1.0"), { recursive: true }),
  },
  {
    title: "a module that was not added",
    code: "E_NOT_IN_TREE",
    exit: 3,
    prepare: (tree) => fs.rmSync(tree.at("var/lib/dkms/demo"), { recursive: true }),
  },
  {
    title: "an object that leads out of the build directory",
    code: "E_OUTSIDE_TREE",
    exit: 1,
    conf: "MAKE[0]='ln -s $source_tree/demo-1.0/made/demo_a.ko; cp made/demo_b.ko .'\n",
  },
];

for (const { title, code, exit, conf = "", scripts = {}, prepare } of refusals)
  quickly(`refuses ${title}`, async (tree) => {
    await added(tree, { conf, scripts });
    prepare?.(tree);
    const failure = await expectUntouched(tree, code, () => build(tree.host(), instance));
    assert.is(failure.dkmsExit, exit);
  });

testNeeding(building, ["gcc", "make", "patch"], "refuses a patch that does not apply", async (_, { tree }) => {
  await added(tree, { conf: "PATCH[0]=one.patch\n" });
  tree.write("usr/src/demo-1.0/text", "something else\n");
  tree.write("usr/src/demo-1.0/patches/one.patch", "--- a/text\n+++ b/text\n@@ -1 +1 @@\n-old\n+new\n");
  const failure = await expectUntouched(tree, "E_PATCH", () => build(tree.host(), instance));
  assert.is(failure.dkmsExit, 6);
  assert.match(failure.log?.tail.join("\n") ?? "", /FAILED/);
});

quickly("names the programs that a build needs and the host lacks", async (tree) => {
  await added(tree);
  const host = { ...tree.host(), findProgram: () => undefined };
  const failure = await expectUntouched(tree, "E_NO_TOOL", () => build(host, instance));
  assert.match(failure.message, /make/);
});

quickly("leaves everything as it was when the disk is full at any moment", async (tree) => {
  await added(tree, { conf: "POST_BUILD=x.sh\n", scripts: { "x.sh": "true\n" } });
  expectDone(await build(tree.host(), instance)).undo.commit();
  await expectUntouchedWhenFull(tree, 20, (host) => build(host, instance, { replace: true }));
});

building.run();

/** Notes how many jobs make may run, and is killed. */
function counting(file: string): string {
  return `all:\n\techo $(filter -j%,$(MAKEFLAGS)) >> ${file}; kill -KILL $$$$\n`;
}
