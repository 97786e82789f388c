import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cli } from "../rig/agent.ts";
import { fakeObject } from "../rig/fake-object.ts";
import { assertContract } from "../rig/json-contract.ts";
import { machine } from "../rig/machine.ts";
import { quickModule } from "../rig/quick-machine.ts";
import { testNeeding } from "../rig/test-needing.ts";

const release = os.release();

/** A machine on which the running kernel has headers in name, and what /sys/module says is for the test to write. */
function runningMachine() {
  const host = machine();
  const at = (...parts: readonly string[]) => path.join(host.root, ...parts);
  fs.mkdirSync(at("lib/modules", release, "build/include"), { recursive: true });
  for (const file of ["modules.dep", "modules.order", "modules.builtin"])
    fs.writeFileSync(at("lib/modules", release, file), "");
  const source = quickModule({ at }, "good");
  const object = (srcversion: string) =>
    fs.writeFileSync(
      path.join(source, "made", `${release}.ko`),
      fakeObject({ name: "good", release, version: "1.0", srcversion }),
    );
  const document = at("m.yaml");
  const write = (modules: string) => fs.writeFileSync(document, `apiVersion: dkms-agent/v1\nmodules:\n${modules}`);
  write('  - {name: good, version: "1.0"}\n');
  const bind = ["sh", "-c", 'mount --bind "$0" /sys/module && exec "$@"', at("sys/module")];
  return {
    at,
    object,
    write,
    load: (srcversion: string) => {
      fs.mkdirSync(at("sys/module/good"), { recursive: true });
      fs.writeFileSync(at("sys/module/good/initstate"), "live\n");
      fs.rmSync(at("sys/module/good/srcversion"), { force: true });
      if (srcversion !== "") fs.writeFileSync(at("sys/module/good/srcversion"), `${srcversion}\n`);
    },
    run: (...words: readonly string[]) => {
      fs.mkdirSync(at("sys/module"), { recursive: true });
      const program = [process.execPath, cli, ...words, "-f", document, "--allow-insecure-files"];
      const result = host.run([...bind, ...program]);
      assertContract(words, result.stdout);
      return result;
    },
    remove: host.remove,
  };
}

const required = suite("reboot required");

testNeeding(required, ["root"], "an upgrade of a module that is loaded says so, until the new one is loaded", () => {
  const host = runningMachine();
  const line = `Reboot required: good/1.0 is loaded from another build or version than the one installed for ${release}.`;
  host.object("AAAA");
  const first = host.run("apply");
  assert.is(first.exitCode, 0, first.stderr);
  assert.not.match(first.stdout, "Reboot");
  host.load("AAAA");
  assert.not.match(host.run("apply").stdout, "Reboot");

  host.object("BBBB");
  const upgrade = host.run("apply", "--quiet");
  assert.is(upgrade.exitCode, 0, upgrade.stderr);
  assert.ok(upgrade.stdout.endsWith(`${line}\n`), upgrade.stdout);
  assert.is(host.run("apply", "--quiet").stdout, "", "which changed nothing");
  const end = JSON.parse(host.run("apply", "--json").stdout.trim().split("\n").at(-1) ?? "");
  assert.is(end.type, "run_complete");
  assert.is(end.reboot_required, true);
  assert.is(`Reboot required: ${end.reboot_reasons.join("; ")}.`, line);

  const boot = host.run("verify");
  assert.is(boot.exitCode, 0, "the reboot is what it takes");
  assert.match(boot.stdout, "ready  another build or version of it is loaded until the next boot");
  const document = JSON.parse(host.run("verify", "--json").stdout);
  assert.equal([document.ready, document.reboot_required, document.instances[0].loaded], [true, true, "other"]);
  const now = host.run("verify", "--kernel", "running", "--quiet");
  assert.is(now.exitCode, 1);
  assert.match(now.stdout, /not ready {2}another build .* is installed \[other-loaded\]\n +→ unload and load it/);

  host.load("");
  const untold = host.run("verify", "--kernel", "running");
  assert.is(untold.exitCode, 0, untold.stdout);
  assert.match(untold.stdout, "it is loaded, and nobody can tell whether it is the installed one");

  host.load("BBBB");
  assert.is(host.run("verify", "--kernel", "running").exitCode, 0);
  const later = JSON.parse(host.run("apply", "--json").stdout.trim().split("\n").at(-1) ?? "");
  assert.equal([later.reboot_required, later.reboot_reasons], [false, []]);
  host.remove();
});

testNeeding(required, ["root"], "what is taken away while it is loaded needs one, until it is unloaded", () => {
  const host = runningMachine();
  host.object("AAAA");
  assert.is(host.run("apply").exitCode, 0);
  host.load("AAAA");
  host.write('  - {name: good, version: "1.0", state: absent}\n');
  assert.is(host.run("apply").exitCode, 80);
  const taken = host.run("apply", "--allow-in-use");
  assert.is(taken.exitCode, 0, taken.stderr);
  const line = `Reboot required: good was taken away from ${release} while it was loaded, and still is (good).`;
  assert.match(taken.stdout, line);
  // Also when nothing tells of it any more.
  host.write("  []\n");
  assert.match(host.run("apply").stdout, line);
  assert.is(JSON.parse(host.run("verify", "--json").stdout).reboot_required, true);
  const report = JSON.parse(fs.readFileSync(host.at("var/lib/dkms/.dkms-agent/last-run.json"), "utf8"));
  assert.is(report.reboot_required, true);
  fs.rmSync(host.at("sys/module/good"), { recursive: true });
  assert.not.match(host.run("apply").stdout, "Reboot");
  host.remove();
});

required.run();
