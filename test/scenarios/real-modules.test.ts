import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type AgentRoot, agentRoot } from "../rig/agent.ts";
import { bootWithModules } from "../rig/boot.ts";
import type { ModuleSource } from "../rig/parts.ts";
import { testNeeding } from "../rig/test-needing.ts";

const scenario = suite("three of Debian's modules for two real kernels");

testNeeding(
  scenario,
  ["two-kernels", "linux-image", "module-sources", "gcc", "make", "kmod", "dkms", "qemu", "busybox", "cpio"],
  "one apply installs them, a second does nothing, an edit rebuilds one, pruning leaves no trace",
  async (part) => {
    const { older, newer } = part("two-kernels");
    const dkms = part("dkms");
    const machine = agentRoot([older, newer]);
    const [v4l2loopback, ddcci, evdi] = ["v4l2loopback", "ddcci", "evdi"].map((name) =>
      takeSource(machine, part("module-sources").modules, name),
    );
    assert.ok(v4l2loopback && ddcci && evdi);
    const all = [v4l2loopback, ddcci, evdi];
    const objects = ["ddcci-backlight.ko", "ddcci.ko", "evdi.ko", "v4l2loopback.ko"];
    try {
      machine.want(all.map(entry).join("\n"));
      await machine.apply();
      for (const { release } of [older, newer]) {
        assert.equal(installed(machine, release), objects);
        for (const object of objects) {
          assert.is(modinfo(machine, { release, object, field: "vermagic" }).split(" ")[0], release);
          assert.is(modinfo(machine, { release, object, field: "signer" }), "DKMS module signing key");
        }
      }
      assert.is((await machine.status(dkms)).match(/: installed$/gm)?.length, 6);

      assert.equal(await machine.planned(), [], "the second apply has no step");
      const before = stamps(machine);
      await machine.apply();
      assert.equal(stamps(machine), before, "the second apply touches nothing but its own records");

      await edits(machine, v4l2loopback, [older.release, newer.release]);
      await machine.status(dkms);

      await boots(machine, { part, release: newer.release });

      machine.want([ddcci, evdi].map(entry).join("\n"), "unlisted: prune");
      await machine.apply();
      assert.equal(await machine.planned(), []);
      assert.not(fs.existsSync(machine.at("var/lib/dkms/v4l2loopback")));
      for (const { release } of [older, newer]) assert.equal(installed(machine, release), objects.slice(0, 3));
      assert.is((await machine.status(dkms)).match(/: installed$/gm)?.length, 4);
    } finally {
      machine.remove();
    }
  },
);

scenario.run();

function takeSource({ at }: AgentRoot, sources: readonly ModuleSource[], name: string): ModuleSource {
  const source = sources.find((one) => one.name === name);
  assert.ok(source, `${name} is among the parts`);
  const directory = at("usr/src", path.basename(source.directory));
  fs.cpSync(source.directory, directory, { recursive: true });
  return { ...source, directory };
}

function entry({ name, version }: ModuleSource): string {
  return `  - {name: ${name}, version: "${version}"}`;
}

function installed({ at }: AgentRoot, release: string): readonly string[] {
  return fs.readdirSync(at("lib/modules", release, "updates/dkms")).sort();
}

interface Question {
  readonly release: string;
  readonly object: string;
  readonly field: string;
}

function modinfo({ at }: AgentRoot, { release, object, field }: Question): string {
  const file = at("lib/modules", release, "updates/dkms", object);
  return execFileSync("modinfo", ["-F", field, file], { encoding: "utf8" }).trim();
}

/** Inode and time of change of everything that a second apply must leave alone. */
function stamps({ at }: AgentRoot): readonly string[] {
  return ["var/lib/dkms", "usr/src", "lib/modules"].flatMap((tree) =>
    fs
      .readdirSync(at(tree), { recursive: true, encoding: "utf8" })
      .filter((file) => !file.startsWith(".dkms-agent"))
      .map((file) => {
        const { ino, ctimeMs } = fs.lstatSync(at(tree, file));
        return `${tree}/${file} ${ino} ${ctimeMs}`;
      })
      .sort(),
  );
}

/** Editing one source file makes exactly that module rebuild and swap, for both kernels, and nothing else. */
async function edits(machine: AgentRoot, module: ModuleSource, releases: readonly string[]): Promise<void> {
  const others = () => stamps(machine).filter((line) => /ddcci|evdi/.test(line));
  const [untouched, object] = [others(), machine.at("lib/modules", releases[0] ?? "", "updates/dkms/v4l2loopback.ko")];
  const old = fs.readFileSync(object);
  const file = path.join(module.directory, "v4l2loopback.c");
  fs.appendFileSync(file, '\nMODULE_INFO(edited, "yes");\n');
  const key = `${module.name}/${module.version}`;
  const steps = (kind: string) => releases.map((release) => `${kind} ${key}@${release}`);
  assert.equal(
    [...(await machine.planned())].sort(),
    [...steps("build"), ...steps("install"), ...releases.map((release) => `depmod ${release}/x86_64`)].sort(),
  );
  await machine.apply();
  assert.equal(await machine.planned(), []);
  assert.not(old.equals(fs.readFileSync(object)));
  assert.ok(fs.readFileSync(object).includes("edited=yes"));
  assert.equal(others(), untouched);
}

interface BootNeeds {
  readonly part: <N extends "linux-image" | "busybox" | "qemu">(name: N) => import("../rig/parts.ts").Parts[N];
  readonly release: string;
}

/** The kernel that is booted must be the one that was built for: it is the judge of vermagic and symbols. */
async function boots(machine: AgentRoot, { part, release }: BootNeeds): Promise<void> {
  const image = part("linux-image");
  assert.is(image.release, release);
  const { modules, loaded, console } = await bootWithModules({
    kernelImage: image.vmlinuz,
    objects: [machine.at("lib/modules", release, "updates/dkms/ddcci.ko")],
    busybox: part("busybox").path,
    qemu: part("qemu").path,
    timeoutMs: 300_000,
  });
  assert.equal(loaded, [true], console);
  assert.match(modules, /^ddcci \d+ 0 - Live /m);
}
