import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type HookedMachine, hookedMachine } from "../rig/hooked-machine.ts";
import { quickModule, wanted } from "../rig/quick-machine.ts";
import { testNeeding } from "../rig/test-needing.ts";

const needs = ["root", "unshare", "kmod"] as const;

const images = suite<{ machine: HookedMachine }>("initramfs: true");

images.before.each((context) => {
  const machine = hookedMachine();
  context.machine = machine;
  quickModule(machine, "evdi");
  quickModule(machine, "other");
  machine.want(`${wanted("evdi", "initramfs: true")}\n${wanted("other")}`, "kernels: [installed]\n");
  maker(machine, "update-initramfs");
  for (const release of releases) fs.writeFileSync(machine.at("boot", `initrd.img-${release}`), "of old\n");
});
images.after.each(({ machine }) => machine.remove());

const releases = ["6.1.0-1-amd64", "6.1.0-2-amd64"];

/** Notes how it is called, and what depmod knows by then. */
function maker(machine: HookedMachine, name: string, script = ""): void {
  const log = machine.at("calls");
  fs.writeFileSync(log, "");
  const lines = [
    `for word; do release=$word; done`,
    `echo "${name} $*" >> ${log}`,
    script,
    `test -s /lib/modules/$release/modules.dep && cat /lib/modules/$release/modules.dep > /boot/initrd.img-$release || test "$release" = -P`,
  ];
  machine.program(name, lines.join("\n"));
}

function calls(machine: HookedMachine): readonly string[] {
  const log = machine.at("calls");
  const lines = fs.readFileSync(log, "utf8").trim().split("\n");
  fs.writeFileSync(log, "");
  return lines.filter((line) => line !== "").sort();
}

function apply(machine: HookedMachine, exitCode = 0, ...options: readonly string[]): string {
  const result = machine.run("dkms-agent", "apply", ...options);
  const said = result.stdout + result.stderr;
  assert.is(result.exitCode, exitCode, said);
  return said;
}

/** Its next build has other objects. */
function change({ at }: HookedMachine): void {
  for (const release of releases) fs.appendFileSync(at("usr/src/evdi-1.0/made", `${release}.ko`), "more");
}

function kinds(machine: HookedMachine): readonly string[] {
  const { stdout } = machine.run("dkms-agent", "plan", "--json");
  const { steps }: { steps: readonly { kind: string; reason: { code: string } }[] } = JSON.parse(stdout);
  return steps.map(({ kind, reason }) => `${kind} ${reason.code}`);
}

const both = releases.map((release) => `update-initramfs -u -k ${release}`);

testNeeding(
  images,
  needs,
  "is made again once for each kernel, after depmod, when its objects have changed",
  (_, { machine }) => {
    apply(machine);
    assert.equal(calls(machine), both);
    for (const release of releases)
      assert.match(fs.readFileSync(machine.at("boot", `initrd.img-${release}`), "utf8"), "updates/dkms/evdi.ko");
    assert.match(apply(machine), "Nothing to do");
    fs.appendFileSync(machine.at("usr/src/evdi-1.0/dkms.conf"), "# a word\n");
    assert.match(apply(machine), "rebuild");
    assert.equal(calls(machine), [], "built again, it came out the same");
    fs.rmSync(machine.at("lib/modules/6.1.0-1-amd64/updates/dkms/other.ko"));
    apply(machine);
    assert.equal(calls(machine), [], "nobody wants that one in it");
    fs.rmSync(machine.at("lib/modules/6.1.0-1-amd64/updates/dkms/evdi.ko"));
    assert.equal(kinds(machine), ["install installed-missing", "depmod kernel-changed", "initramfs kernel-changed"]);
    apply(machine);
    assert.equal(calls(machine), both.slice(0, 1));
    // What it holds must go from it, too, whatever the documents still say of it.
    machine.want(wanted("other"), "kernels: [installed]\nunlisted: prune\n");
    apply(machine);
    assert.equal(calls(machine), both);
    assert.match(apply(machine), "Nothing to do");
  },
);

testNeeding(
  images,
  needs,
  "one that was made without the module is made again, and one that never was is not",
  (_, { machine }) => {
    machine.want(wanted("evdi"), "kernels: [installed]\n");
    apply(machine);
    fs.rmSync(machine.at("boot/initrd.img-6.1.0-1-amd64"));
    machine.want(wanted("evdi", "initramfs: true"), "kernels: [installed]\n");
    assert.equal(kinds(machine), ["initramfs initramfs-outdated"]);
    apply(machine);
    assert.equal(calls(machine), both.slice(1));
    assert.match(apply(machine), "Nothing to do");
  },
);

testNeeding(images, needs, "what fails is told, takes nothing back, and is tried again", (_, { machine }) => {
  maker(machine, "update-initramfs", "echo 'No space left on device' >&2; exit 1");
  const said = apply(machine, 1);
  assert.match(said, /E_INITRAMFS/);
  assert.match(said, /No space left on device.*Run update-initramfs -u -k 6\.1\.0-[12]-amd64 by hand/s);
  assert.match(machine.run("dkms-agent", "dkms", "status").stdout, "evdi/1.0, 6.1.0-2-amd64, x86_64: installed");
  assert.equal(
    kinds(machine),
    releases.map(() => "initramfs initramfs-outdated"),
  );
  const history = machine.run("dkms-agent", "history").stdout;
  assert.match(
    history,
    /failed at initramfs 6\.1\.0-[12]-amd64\S*: .*\[E_INITRAMFS\].*\n\nThe next apply tries again what failed/,
  );
  // Killed on its way, it has said nothing either.
  maker(machine, "update-initramfs", "kill -9 $(cut -d' ' -f4 /proc/$$/stat)");
  machine.run("dkms-agent", "apply");
  maker(machine, "update-initramfs");
  apply(machine);
  assert.equal(calls(machine), both);
});

testNeeding(
  images,
  needs,
  "the hook of a kernel leaves it to the package, the hook of its headers does not",
  (_, { machine }) => {
    const [, release = ""] = releases;
    const image = machine.at("boot", `initrd.img-${release}`);
    const hook = machine.runParts("postinst.d");
    assert.is(hook.exitCode, 0, hook.stderr);
    assert.equal(calls(machine), []);
    const meant = ["--kernel", release];
    assert.match(machine.run("dkms-agent", "plan", ...meant).stdout, /initramfs/, "nobody has made it yet");
    const verified = machine.run("dkms-agent", "verify", ...meant);
    assert.is(verified.exitCode, 1);
    assert.match(verified.stdout, /evdi.*the initramfs is not known to hold it/);
    fs.writeFileSync(image, "made by the package\n");
    assert.match(apply(machine, 0, ...meant), "Nothing to do");
    assert.is(machine.run("dkms-agent", "verify", ...meant).exitCode, 0);
    change(machine);
    machine.program("update-initramfs", `echo deferred > ${machine.at("calls")}; echo new > ${image}`);
    const headers = machine.runParts("header_postinst.d", {});
    assert.is(headers.exitCode, 0, headers.stderr);
    assert.equal(calls(machine), ["deferred"]);
    const gone = machine.runParts("prerm.d");
    assert.is(gone.exitCode, 0, gone.stderr);
    assert.equal(calls(machine), [], "with its kernel it goes itself");
  },
);

testNeeding(images, needs, "dracut and mkinitcpio, and neither", (_, { machine }) => {
  const { run } = machine;
  fs.writeFileSync(machine.at("nothing"), "");
  // The machine itself may have any of them.
  const only = (name: string, ...words: readonly string[]) =>
    run(
      "sh",
      "-c",
      `for place in /usr/sbin/update-initramfs /usr/bin/dracut /usr/bin/mkinitcpio; do test -e $place && mount --bind ${machine.at("nothing")} $place; done; PATH=${machine.at(name)}:$PATH; exec "$@"`,
      "sh",
      ...words,
    );
  fs.renameSync(machine.at("bin/update-initramfs"), machine.at("bin/dracut"));
  const dracut = only("bin", "dkms-agent", "apply", "--kernel", "6.1.0-1-amd64");
  assert.is(dracut.exitCode, 0, dracut.stderr);
  assert.equal(calls(machine), ["update-initramfs --force /boot/initrd.img-6.1.0-1-amd64 6.1.0-1-amd64"]);
  fs.renameSync(machine.at("bin/dracut"), machine.at("bin/mkinitcpio"));
  // It makes all of them at once.
  const all = `for image in /boot/*; do echo made > $image; done; echo "mkinitcpio $*" >> ${machine.at("calls")}`;
  machine.program("mkinitcpio", all);
  assert.is(only("bin", "dkms-agent", "apply").exitCode, 0);
  assert.equal(calls(machine), ["mkinitcpio -P"]);
  fs.rmSync(machine.at("bin/mkinitcpio"));
  change(machine);
  const none = only("bin", "dkms-agent", "apply");
  assert.is(none.exitCode, 0, none.stderr);
  assert.match(none.stderr, /W_INITRAMFS.*Install initramfs-tools or dracut/s);
  const elsewhere = run("dkms-agent", "plan", "--root", machine.at());
  assert.match(elsewhere.stderr + elsewhere.stdout, /cannot be made from outside of/);
});

testNeeding(
  images,
  needs,
  "one that its maker leaves as it is, without failing, is told once as a failure, and verify never believes it",
  (_, { machine }) => {
    const program = (name: string) => machine.program("update-initramfs", name);
    const meant = ["--kernel", releases[0] ?? ""];
    const verify = () => machine.run("dkms-agent", "verify", ...meant);
    program(`echo "$*" >> ${machine.at("calls")}; echo 'W: /boot is ro mounted.' >&2`);
    const said = apply(machine, 1, ...meant);
    assert.match(
      said,
      "does not hold what is installed: update-initramfs has left it as it was: W: /boot is ro mounted.",
    );
    assert.match(said, "E_INITRAMFS");
    assert.is(calls(machine).length, 1);
    const next = apply(machine, 0, ...meant);
    assert.match(next, /is not made again: update-initramfs has left it as it was.*W_INITRAMFS.*apply --retry/s);
    assert.equal(calls(machine), [], "nothing has changed that it could be asked for again");
    assert.is(verify().exitCode, 1);
    assert.match(verify().stdout, "is not known to hold it as it is installed: update-initramfs has left it as it was");
    maker(machine, "update-initramfs");
    apply(machine, 0, ...meant, "--retry");
    assert.equal(calls(machine), both.slice(0, 1));
    assert.is(verify().exitCode, 0, verify().stdout);
  },
);

testNeeding(
  images,
  needs,
  "update_initramfs=no is heeded without asking, and told by its file; verify does not believe it either",
  (_, { machine }) => {
    const { run } = machine;
    const conf = "/etc/initramfs-tools/update-initramfs.conf";
    const say = (value: string) => {
      const line = `mkdir -p /etc/initramfs-tools; printf '# update_initramfs=yes\\nupdate_initramfs=${value}\\n' > ${conf}`;
      assert.is(run("sh", "-c", line).exitCode, 0);
    };
    say('"no"');
    for (const _ of [1, 2]) assert.match(apply(machine), `is not made again: ${conf} says update_initramfs=no`);
    assert.equal(calls(machine), []);
    const verified = run("dkms-agent", "verify");
    assert.is(verified.exitCode, 1);
    assert.match(verified.stdout, `the initramfs is not known to hold it as it is installed: ${conf} says`);
    const report = JSON.parse(fs.readFileSync(machine.at("var/lib/dkms/.dkms-agent/last-run.json"), "utf8"));
    assert.equal(
      report.kernels.map(({ ready }: { readonly ready: string }) => ready),
      ["False", "False"],
    );
    say("yes");
    apply(machine);
    assert.equal(calls(machine), both);
    assert.is(run("dkms-agent", "verify").exitCode, 0);
  },
);

testNeeding(images, needs, "a strict hook leaves it to its package without failing that", (_, { machine }) => {
  machine.settings("hooks: strict\n");
  fs.rmSync(machine.at("boot", `initrd.img-${machine.release}`));
  const hook = machine.runParts("postinst.d");
  assert.is(hook.exitCode, 0, hook.stderr);
  assert.equal(calls(machine), []);
});

images.run();
