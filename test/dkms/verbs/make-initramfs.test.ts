import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { KernelInitramfs } from "../../../src/actual-state/actual-state.ts";
import { scanActual } from "../../../src/actual-state/scan-actual.ts";
import { install } from "../../../src/dkms/verbs/install.ts";
import { makeInitramfs } from "../../../src/dkms/verbs/make-initramfs.ts";
import { uninstall } from "../../../src/dkms/verbs/uninstall.ts";
import type { Host } from "../../../src/host/host.ts";
import type { Command, CommandResult } from "../../../src/host/run.ts";
import { dkmsTree, type ModuleBuilder } from "../../rig/tree-builder.ts";

const kernel = { release: "6.1.0-1", arch: "x86_64" };
const instance = { module: { name: "hello", version: "1.0" }, kernel };
const names = ["hello"];

interface World {
  readonly tree: ModuleBuilder;
  readonly image: string;
  /** With a maker of that name, which does something; what it is called with. */
  readonly host: (maker?: string, work?: (command: Command) => Partial<CommandResult>) => Host;
  readonly calls: string[];
}

const images = suite<World>("makeInitramfs");

images.before.each((context) => {
  const tree = dkmsTree().kernel(kernel.release).module("hello/1.0").built(kernel.release);
  const calls: string[] = [];
  const image = tree.write("boot/initrd.img-6.1.0-1", "old");
  let made = Date.now();
  const host: World["host"] = (maker = "update-initramfs", work = () => ({})) => ({
    ...tree.host(),
    findProgram: (name) => (name === maker ? `/usr/sbin/${name}` : undefined),
    run: async (command) => {
      calls.push([command.file, ...command.args].join(" "));
      fs.writeFileSync(image, "new");
      made += 10_000;
      fs.utimesSync(image, new Date(), new Date(made));
      return { exitCode: 0, stdout: "", stderr: "", durationMs: 0, ending: "exited", ...work(command) };
    },
  });
  Object.assign(context, { tree, image, host, calls });
});
images.after.each(({ tree }) => tree.remove());

async function initramfsOf({ tree }: World): Promise<KernelInitramfs | undefined> {
  const { initramfs } = await scanActual(tree.host(), { sources: [], prospects: () => [] });
  const [state]: readonly (KernelInitramfs | undefined)[] = [...(initramfs?.kernels.values() ?? [])];
  return state;
}

async function holds(world: World): Promise<Record<string, boolean> | undefined> {
  const state = await initramfsOf(world);
  return state && Object.fromEntries(state.holds);
}

images("calls whichever maker there is, for the image that is there", async (world) => {
  for (const maker of ["update-initramfs", "dracut", "mkinitcpio"]) {
    assert.ok((await makeInitramfs(world.host(maker), kernel, { names, left: false })).ok);
  }
  assert.equal(world.calls, [
    "update-initramfs -u -k 6.1.0-1",
    `dracut --force ${world.image} 6.1.0-1`,
    "mkinitcpio -P",
  ]);
  const none = await makeInitramfs(world.host("nothing"), kernel, { names, left: false });
  assert.is(none.ok ? "" : none.error.code, "E_NO_TOOL");
});

images("none is made while dpkg, which may be making it, is at work", async (world) => {
  const lock = fs.statSync(world.tree.write("var/lib/dpkg/lock", ""));
  const numbers = [(lock.dev >> 8) & 0xfff, lock.dev & 0xff].map((one) => one.toString(16).padStart(2, "0"));
  const held = (arrow: string) => `7: ${arrow}POSIX  ADVISORY  WRITE 4711 ${numbers.join(":")}:${lock.ino} 0 EOF\n`;
  const beside = (locks: string): Host => {
    const { files, ...host } = world.host();
    const readText = (place: string) => (place === "/proc/locks" ? locks : files.readText(place));
    return { ...host, files: { ...files, readText } };
  };
  const refused = await makeInitramfs(beside(held("")), kernel, { names, left: false });
  assert.is(refused.ok ? "" : refused.error.code, "E_INITRAMFS");
  assert.match(refused.ok ? "" : refused.error.message, "while dpkg is at work (process 4711)");
  assert.equal(world.calls, []);
  assert.ok((await makeInitramfs(beside(held("-> ")), kernel, { names, left: false })).ok, "somebody waits for it");
});

images("finds the images of other distributions", async (world) => {
  fs.rmSync(world.image);
  world.tree.write("etc/machine-id", `${"0123456789abcdef".repeat(2)}\n`);
  world.tree.write("lib/modules/6.1.0-1/pkgbase", "linux-lts\n");
  for (const place of [
    "boot/initramfs-6.1.0-1.img",
    "boot/initrd-6.1.0-1",
    "boot/initramfs-linux-lts.img",
    `boot/${"0123456789abcdef".repeat(2)}/6.1.0-1/initrd`,
    `efi/${"0123456789abcdef".repeat(2)}/6.1.0-1/initrd`,
  ]) {
    const image = world.tree.write(place, "");
    await makeInitramfs(world.host("dracut"), kernel, { names, left: false });
    assert.is(world.calls.pop(), `dracut --force ${image} 6.1.0-1`);
    for (const made of [image, world.image]) fs.rmSync(made);
  }
  const done = await makeInitramfs(world.host(), kernel, { names, left: false });
  assert.is(done.ok && done.value.changed, false);
  assert.equal(world.calls, [], "there is none to make again");
});

images("what changes after it was made is not in it, unless that is taken back", async (world) => {
  assert.ok((await install(world.tree.host(), instance)).ok);
  assert.is(await holds(world), undefined, "nobody has asked for it yet");
  await makeInitramfs(world.host(), kernel, { names: ["hello", "absent"], left: false });
  assert.equal(await holds(world), { hello: true });
  const gone = await uninstall(world.tree.host(), instance);
  assert.equal(await holds(world), { hello: false });
  if (gone.ok) gone.value.undo.restore();
  assert.equal(await holds(world), { hello: true });
  for (const verb of [uninstall, install]) assert.ok((await verb(world.tree.host(), instance)).ok);
  assert.equal(await holds(world), { hello: false }, "nobody knows what was made of it in between");
  await makeInitramfs(world.host(), kernel, { names, left: false });
  assert.equal(await holds(world), { hello: true });
  fs.appendFileSync(world.tree.at("var/lib/dkms/hello/1.0/6.1.0-1/x86_64/module/hello.ko"), "by somebody else");
  assert.equal(await holds(world), { hello: false });
  await makeInitramfs(world.host(), kernel, { names: [], left: false });
  assert.equal(await holds(world), {});
});

images("one that fails, or is stopped, holds what it held", async (world) => {
  await install(world.tree.host(), instance);
  for (const [result, code] of [
    [{ exitCode: 1, stderr: "no space\n" }, "E_INITRAMFS"],
    [{ exitCode: -1, ending: "killed" }, "E_INITRAMFS"],
    [{ exitCode: -1, ending: "timeout" }, "E_TIMEOUT"],
    [{ exitCode: -1, ending: "cancelled" }, "E_CANCELLED"],
    [{ exitCode: -1, ending: "missing" }, "E_NO_TOOL"],
  ] as const) {
    const done = await makeInitramfs(
      world.host("dracut", () => result),
      kernel,
      { names, left: false },
    );
    assert.is(done.ok ? "" : done.error.code, code);
    if (code === "E_INITRAMFS" && !done.ok) assert.match(done.error.remedy ?? "", "dracut --force");
  }
  assert.is(await holds(world), undefined);
});

images("one that its maker leaves as it is, without failing, is not made until its image changes", async (world) => {
  await install(world.tree.host(), instance);
  const host: Host = {
    ...world.host(),
    run: async () => ({ ...exited, stdout: "W: /boot is ro mounted.\nupdate-initramfs: Not updating it.\n" }),
  };
  const done = await makeInitramfs(host, kernel, { names, left: false });
  assert.is(done.ok ? "" : done.error.code, "E_INITRAMFS");
  assert.match(
    done.ok ? "" : done.error.message,
    `${world.image}, does not hold what is installed: update-initramfs has left it as it was: update-initramfs: Not updating it.`,
  );
  assert.equal(await holds(world), { hello: false });
  assert.match((await initramfsOf(world))?.pending?.declined?.text ?? "", "Not updating it");
  fs.appendFileSync(world.image, "by hand");
  assert.equal(await holds(world), { hello: true });
  assert.is((await initramfsOf(world))?.pending, undefined);
});

images("what its maker has left as it is, is nothing that was left once the objects have changed", async (world) => {
  await install(world.tree.host(), instance);
  await makeInitramfs({ ...world.host(), run: async () => exited }, kernel, { names, left: false });
  assert.ok((await initramfsOf(world))?.pending?.declined);
  fs.appendFileSync(world.tree.at("var/lib/dkms/hello/1.0/6.1.0-1/x86_64/module/hello.ko"), "by somebody else");
  assert.is((await initramfsOf(world))?.pending, undefined);
});

const exited: CommandResult = { exitCode: 0, stdout: "", stderr: "", durationMs: 0, ending: "exited" };

images("one that is left to somebody else holds it once that one has made it", async (world) => {
  await install(world.tree.host(), instance);
  for (const mend of [() => fs.writeFileSync(world.image, "made"), () => fs.utimesSync(world.image, 0, 1)]) {
    await makeInitramfs(world.host(), kernel, { names, left: true });
    assert.equal(world.calls, []);
    assert.equal(await holds(world), { hello: false });
    mend();
    assert.equal(await holds(world), { hello: true });
  }
  fs.rmSync(world.image);
  await makeInitramfs(world.host(), kernel, { names, left: true });
  assert.equal(await holds(world), { hello: false });
  fs.writeFileSync(world.image, "the first");
  assert.equal(await holds(world), { hello: true });
});

images("a record that nobody can read is none", async (world) => {
  await install(world.tree.host(), instance);
  await makeInitramfs(world.host(), kernel, { names, left: false });
  const record = world.tree.at("var/lib/dkms/.dkms-agent/initramfs/6.1.0-1/x86_64.json");
  for (const text of ["", "{", "[]", '{"format":1,"modules":{"hello":"x"}}', '{"format":2,"modules":[1]}']) {
    fs.writeFileSync(record, text);
    assert.equal(await holds(world), {}, text);
  }
});

images.run();
