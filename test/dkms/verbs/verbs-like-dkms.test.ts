import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Result } from "../../../src/dkms/failure.ts";
import { add } from "../../../src/dkms/verbs/add.ts";
import { build } from "../../../src/dkms/verbs/build.ts";
import { install } from "../../../src/dkms/verbs/install.ts";
import { remove } from "../../../src/dkms/verbs/remove.ts";
import { unbuild } from "../../../src/dkms/verbs/unbuild.ts";
import { uninstall } from "../../../src/dkms/verbs/uninstall.ts";
import type { Done } from "../../../src/dkms/verbs/verb.ts";
import { createHost } from "../../../src/host/create-host.ts";
import { fakeObject } from "../../rig/fake-object.ts";
import { type PartsOf, testNeeding } from "../../rig/test-needing.ts";
import { unsignedListing } from "../../rig/tree-listing.ts";
import { twoObjects } from "../../rig/two-objects.ts";
import { expectDone, writeSource } from "../../rig/verb-world.ts";

const comparing = suite("verbs beside dell/dkms");
const parts = ["dkms", "headers", "gcc", "make", "kmod"] as const;

type Part = PartsOf<(typeof parts)[number]>;

interface Trees {
  readonly write: (file: string, text: string | Uint8Array) => string;
  readonly at: (...names: readonly string[]) => string;
  readonly release: string;
  readonly dkms: (...args: readonly string[]) => void;
  readonly ours: (verb: Verb) => Promise<void>;
  /** Without hidden files, signatures, the log (it tells times) and the build directory that dell/dkms makes early. */
  readonly listing: () => string[];
}

type Verb = "add" | "build" | "install" | "uninstall" | "unbuild" | "remove";

/** The same places for both, one after the other: a kernel object names the directory that it was built in. */
async function withTrees(part: Part, work: (trees: Trees) => Promise<void>): Promise<void> {
  const top = fs.mkdtempSync(path.join(os.tmpdir(), "like-dkms-"));
  try {
    await work(makeTrees(part, top));
  } finally {
    fs.rmSync(top, { recursive: true });
  }
}

function makeTrees(part: Part, top: string): Trees {
  const at = (...names: readonly string[]) => path.join(top, ...names);
  const [headers] = part("headers").kernels;
  if (!headers) throw new Error("headers without a kernel");
  const { release } = headers;
  for (const place of ["dkms", "src", `modules/${release}`]) fs.mkdirSync(at(place), { recursive: true });
  fs.symlinkSync(headers.directory, at("modules", release, "build"));
  const write = (file: string, text: string | Uint8Array) => {
    fs.mkdirSync(path.dirname(at(file)), { recursive: true });
    fs.writeFileSync(at(file), text);
    return at(file);
  };
  const host = createHost({ dkmsTree: at("dkms"), sourceTree: at("src"), installTree: at("modules") });
  const module = { name: "demo", version: "1.0" };
  const instance = { module, kernel: { release, arch: host.machine.arch } };
  const verbs: Readonly<Record<Verb, () => Promise<Result<Done>>>> = {
    add: () => add(host, { module }),
    build: () => build(host, instance),
    install: () => install(host, instance),
    uninstall: () => uninstall(host, instance),
    unbuild: () => unbuild(host, instance),
    remove: () => remove(host, { module }),
  };
  const [program, script] = part("dkms").command;
  const options = ["--dkmstree", at("dkms"), "--sourcetree", at("src"), "--installtree", at("modules")];
  return {
    write,
    at,
    release,
    // Its progress dots come from a process that holds a pipe open for seconds after the end.
    dkms: (...args) => execFileSync(program, [script, ...options, ...args], { stdio: "ignore" }),
    ours: async (verb) => expectDone(await verbs[verb]()).undo.commit(),
    listing: () => unsignedListing(top, (file) => /(^|\/)\.dkms-agent|make\.log$|^dkms\/demo\/1\.0\/build$/.test(file)),
  };
}

testNeeding(comparing, parts, "leave the same trees after every verb, down to the bytes of the objects", (part) =>
  withTrees(part, async ({ write, at, release, dkms, ours, listing }) => {
    twoObjects({ write, at }, { directory: "src" });
    write(`modules/${release}/kernel/misc/demo_a.ko`, fakeObject({ name: "demo_a", release }));
    const steps: readonly [Verb, readonly string[]][] = [
      ["add", ["add", "demo/1.0"]],
      ["build", ["build", "demo/1.0", "-k", release]],
      ["install", ["install", "demo/1.0", "-k", release]],
      ["uninstall", ["uninstall", "demo/1.0", "-k", release]],
      ["unbuild", ["unbuild", "demo/1.0", "-k", release]],
      ["remove", ["remove", "demo/1.0", "--all"]],
    ];
    const theirs = new Map<Verb, string[]>();
    for (const [verb, args] of steps) {
      dkms(...args);
      theirs.set(verb, listing());
    }
    for (const [verb] of steps) {
      await ours(verb);
      assert.equal(listing(), theirs.get(verb), verb);
    }
  }),
);

testNeeding(comparing, parts, "go on from what dell/dkms has done, and it from what they have done", (part) =>
  withTrees(part, async ({ write, at, release, dkms, ours, listing }) => {
    writeSource({ write, at }, { directory: "src/demo-1.0", madeFor: release });
    write(`modules/${release}/extra/demo_b.ko`, fakeObject({ name: "demo_b", release }));
    const start = listing();
    dkms("install", "demo/1.0", "-k", release);
    await ours("uninstall");
    dkms("install", "demo/1.0", "-k", release);
    await ours("install");
    dkms("remove", "demo/1.0", "--all");
    assert.equal(listing(), start);
    await ours("add");
    await ours("build");
    dkms("install", "demo/1.0", "-k", release);
    await ours("uninstall");
    await ours("install");
    dkms("uninstall", "demo/1.0", "-k", release);
    dkms("unbuild", "demo/1.0", "-k", release);
    await ours("remove");
    assert.equal(listing(), start);
  }),
);

comparing.run();
