import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type HookedMachine, hookedMachine, installPlugin } from "../rig/hooked-machine.ts";
import { quickModule, wanted } from "../rig/quick-machine.ts";
import { testNeeding } from "../rig/test-needing.ts";

const needs = ["root", "unshare", "kmod"] as const;

const packages = suite<{ machine: HookedMachine }>("hooks of kernel packages");

packages.before.each((context) => {
  context.machine = hookedMachine();
});
packages.after.each(({ machine }) => machine.remove());

function objects({ at, release }: HookedMachine): readonly string[] {
  const updates = at("lib/modules", release, "updates/dkms");
  return fs.existsSync(updates) ? fs.readdirSync(updates).sort() : [];
}

function history(machine: HookedMachine, ...options: readonly string[]): string {
  return machine.run("dkms-agent", "history", ...options).stdout;
}

testNeeding(
  packages,
  needs,
  "a kernel without headers is left alone, and taken up when they come",
  (_, { machine }) => {
    quickModule(machine, "evdi");
    machine.want(wanted("evdi"), "kernels: [running]\n");
    machine.headers.take();
    const image = machine.runParts("postinst.d");
    assert.is(image.exitCode, 0, image.stderr);
    assert.match(image.stderr, /E_NO_HEADERS.*linux-headers-6\.1\.0-2-amd64/s);
    assert.equal(objects(machine), []);
    machine.headers.bring();
    const headers = machine.runParts("header_postinst.d", {});
    assert.is(headers.exitCode, 0, headers.stderr);
    assert.equal(objects(machine), ["evdi.ko"]);
    assert.is(headers.stdout, "", "stdout of a maintainer script may be a protocol");
    assert.is(
      fs.existsSync(machine.at("lib/modules/6.1.0-1-amd64/updates")),
      false,
      "the other kernel is none of its business",
    );
    assert.match(
      history(machine),
      /hook kernel-postinst --kernel \S+: .*1 blocked: evdi\/1\.0@\S+ \(no-headers\)\n.*hook header-postinst --kernel \S+: 4 steps done/,
    );
    const again = machine.runParts("header_postinst.d", {});
    assert.is(again.stdout + again.stderr, "", "nothing to do is nothing to tell");
  },
);

testNeeding(
  packages,
  needs,
  "with its kernel goes what is there for it, also what is protected, and nothing else",
  (_, { machine }) => {
    for (const name of ["evdi", "mine", "theirs"]) quickModule(machine, name);
    machine.want(`${wanted("evdi", "protect: true")}\n${wanted("mine")}`, "kernels: [installed]\n");
    assert.is(machine.run("dkms-agent", "apply").exitCode, 0);
    machine.want(wanted("evdi", "protect: true"), "kernels: [installed]\n");
    const upgrade = machine.runParts("prerm.d", { DEB_MAINT_PARAMS: "upgrade 6.1.200" });
    assert.is(upgrade.stderr, "");
    assert.equal(objects(machine), ["evdi.ko", "mine.ko"]);
    const gone = machine.runParts("prerm.d");
    assert.is(gone.exitCode, 0, gone.stderr);
    assert.is(fs.existsSync(machine.at("lib/modules", machine.release, "updates")), false);
    const left = machine.run("dkms-agent", "dkms", "status").stdout;
    assert.is(left, ["evdi", "mine"].map((name) => `${name}/1.0, 6.1.0-1-amd64, x86_64: installed\n`).join(""));
    assert.match(history(machine), /hook kernel-prerm --kernel \S+: 5 steps done/);
    // The module stays protected for the kernels that stay.
    machine.want(wanted("evdi", "state: absent"), "");
    assert.is(machine.run("dkms-agent", "apply").exitCode, 80);
  },
);

testNeeding(
  packages,
  needs,
  "a module that does not build fails no package, unless hooks: strict",
  (_, { machine }) => {
    quickModule(machine, "broken", { make: "false" });
    quickModule(machine, "evdi");
    machine.want(`${wanted("broken")}\n${wanted("evdi")}`, "kernels: [running]\n");
    const lenient = machine.runParts("postinst.d");
    assert.is(lenient.exitCode, 0, lenient.stderr);
    assert.match(lenient.stderr, /E_MAKE/);
    assert.match(lenient.stderr, "(hooks: lenient).\nMend it, then run: dkms-agent apply --kernel 6.1.0-2-amd64");
    assert.equal(objects(machine), ["evdi.ko"]);
    assert.match(history(machine), /hook kernel-postinst --kernel \S+: failed at build broken/);
    const { kernel } = { kernel: machine.release };
    assert.is(machine.run("dkms-agent", "plan", "--detailed-exitcode", "--kernel", kernel).exitCode, 3);
    for (const text of ["hooks: strict\n", 'hooks:   "strict" # no kernel without them\n']) {
      machine.settings(text);
      const strict = machine.runParts("header_postinst.d", {});
      assert.is.not(strict.exitCode, 0, strict.stderr);
      assert.match(strict.stderr, /exited with return code 3/);
    }
  },
);

testNeeding(
  packages,
  needs,
  "where nothing can be done, the package goes on, and the history tells",
  (_, { machine }) => {
    quickModule(machine, "evdi");
    fs.rmSync(machine.at("etc/dkms-agent/desired-state"), { recursive: true, force: true });
    const silent = machine.runParts("postinst.d");
    assert.is(silent.stderr, "", "nobody has asked for anything yet");
    fs.mkdirSync(machine.at("etc/dkms-agent/desired-state"));
    machine.want("  - {nmae: evdi}");
    const invalid = machine.runParts("postinst.d");
    assert.is(invalid.exitCode, 0);
    assert.match(invalid.stderr, "E_UNKNOWN_KEY");
    assert.match(
      history(machine),
      /hook kernel-postinst --kernel \S+: nothing could be done: \S+modules.yaml:\d+:\d+: .*\[E_.*\n\nThe next apply is refused/,
    );
    machine.want(wanted("evdi"));
    const state = "/var/lib/dkms/.dkms-agent";
    machine.settings("lock_timeout: 0\n");
    const held = machine.run("flock", `${state}/lock`, "/etc/kernel/prerm.d/dkms-agent", machine.release);
    assert.is(held.exitCode, 0, held.stderr);
    assert.match(held.stderr, "E_LOCKED");
    assert.match(held.stderr, `then run: dkms-agent hook kernel-prerm --kernel ${machine.release}`);
    assert.match(
      history(machine, "--json"),
      /"ending": "refused",\n +"message": "hook kernel-prerm --kernel .*E_LOCKED/,
    );
    machine.settings("lokc_timeout: 0\n");
    const unset = machine.runParts("postinst.d");
    assert.is(unset.exitCode, 0);
    assert.match(unset.stderr, /E_UNKNOWN_KEY.*the package goes on/s);
  },
);

testNeeding(
  packages,
  needs,
  "scripts that are called without a release, or for a strange one, or without the agent",
  (_, { machine }) => {
    quickModule(machine, "evdi");
    machine.want(wanted("evdi"));
    const script = "/etc/kernel/postinst.d/dkms-agent";
    for (const word of ["", "../../etc", "no such kernel", "-k", "6.1\n", "6.9.9-amd64"]) {
      const { exitCode, stderr } = machine.run(script, ...(word === "" ? [] : [word]));
      assert.is(exitCode, 0, stderr);
      assert.match(stderr, /E_USAGE/, word);
    }
    machine.program("dkms-agent", "kill -9 $$");
    const killed = machine.runParts("postinst.d");
    assert.is(killed.exitCode, 0);
    assert.match(killed.stderr, "exit code 137");
    machine.settings("hooks: strict\n");
    assert.is.not(machine.runParts("postinst.d").exitCode, 0);
    fs.rmSync(machine.at("bin/dkms-agent"));
    assert.equal(machine.runParts("postinst.d"), { exitCode: 0, stdout: "", stderr: "" });
  },
);

testNeeding(
  packages,
  [...needs, "kernel-install"],
  "kernel-install calls the plugin as the packages of other distributions do",
  (_, { machine }) => {
    quickModule(machine, "evdi");
    machine.want(wanted("evdi"), "kernels: [running]\n");
    fs.cpSync(installPlugin, machine.at("etc/kernel/install.d/45-dkms-agent.install"));
    fs.writeFileSync(machine.at("boot/vmlinuz"), "");
    const call = (...words: readonly string[]) => {
      const { exitCode, stdout, stderr } = machine.run(
        "env",
        "KERNEL_INSTALL_CONF_ROOT=/etc/kernel",
        "kernel-install",
        "--verbose",
        ...words,
      );
      assert.is(exitCode, 0, stderr);
      return stdout + stderr;
    };
    const added = call("add", machine.release, "/boot/vmlinuz");
    assert.equal(objects(machine), ["evdi.ko"], added);
    assert.ok(added.indexOf("45-dkms-agent") < added.indexOf("50-depmod"), added);
    call("remove", machine.release);
    assert.equal(objects(machine), []);
    assert.match(history(machine), /hook kernel-postinst .*: 4 steps done.*\n.*hook kernel-prerm .*: 3 steps done/);
  },
);

for (const order of ["before", "after"] as const) {
  testNeeding(
    packages,
    [...needs, "dkms"],
    `the hooks of dkms, called ${order} ours: nothing is built twice`,
    (part, { machine }) => {
      const log = machine.at("builds");
      fs.writeFileSync(log, "");
      const make = `echo $kernelver >> ${log}; cp made/$kernelver.ko evdi.ko`;
      quickModule(machine, "evdi", { make, conf: "AUTOINSTALL=yes" });
      machine.want(wanted("evdi"), "kernels: [running]\n");
      machine.program("dkms", `exec bash ${part("dkms").script} "$@"`);
      const name = order === "before" ? "dkms" : "z-dkms";
      for (const [directory, verb] of [
        ["postinst.d", "autoinstall"],
        ["prerm.d", "kernel_prerm"],
      ] as const)
        fs.writeFileSync(machine.at("etc/kernel", directory, name), `#!/bin/sh\nexec dkms ${verb} -k $1\n`, {
          mode: 0o755,
        });
      assert.is(machine.run("dkms", "add", "evdi/1.0").exitCode, 0);
      const { exitCode, stdout, stderr } = machine.runParts("postinst.d");
      assert.is(exitCode, 0, stdout + stderr);
      assert.equal(objects(machine), ["evdi.ko"]);
      assert.is(fs.readFileSync(log, "utf8"), `${machine.release}\n`, stdout + stderr);
      const gone = machine.runParts("prerm.d");
      assert.is(gone.exitCode, 0, gone.stdout + gone.stderr);
      assert.is(machine.run("dkms", "status").stdout, "evdi/1.0: added\n");
    },
  );
}

testNeeding(packages, needs, "a full disk keeps the modules away, and not the package", (_, { machine }) => {
  quickModule(machine, "evdi");
  machine.want(wanted("evdi"), "kernels: [running]\n");
  const full =
    "mount -t tmpfs -o size=64k none /var/lib/dkms; head -c 1M /dev/zero > /var/lib/dkms/full; exec /etc/kernel/postinst.d/dkms-agent";
  const { exitCode, stderr } = machine.run("sh", "-c", `${full} ${machine.release}`);
  assert.is(exitCode, 0);
  assert.match(stderr, /E_NO_SPACE.*the kernel|E_NO_SPACE.*hooks: lenient/s);
});

packages.run();
