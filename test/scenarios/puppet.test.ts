import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernels, type PuppetMachine, puppetMachine } from "../rig/puppet-machine.ts";
import { quickModule } from "../rig/quick-machine.ts";
import type { ProgramResult } from "../rig/run-program.ts";
import { differences, snapshot } from "../rig/snapshot.ts";
import { testNeeding } from "../rig/test-needing.ts";

const [older, newer, running] = kernels;

interface World {
  machine: PuppetMachine;
}

const modules = suite<World>("the Puppet type dkms_module");

modules.before.each((context) => {
  context.machine = puppetMachine();
});

modules.after.each(({ machine }) => machine.remove());

testNeeding(
  modules,
  ["root", "puppet", "kmod"],
  "brings a module from nothing to an upgrade and away",
  (_, { machine }) => {
    quickModule(machine, "hello");
    quickModule(machine, "hello", { version: "1.1" });
    quickModule(machine, "world");
    quickModule(machine, "bad", { make: "echo this does not compile; false" });
    const hello = `dkms_module { 'hello': version => '1.0', kernels => ['${older}', { 'match' => '*-2-amd64' }] }`;
    const world = `dkms_module { 'world': version => '1.0', kernels => '${older}', directives => { 'MAKE[0]' => '${oddMake}' } }`;
    const object = (release: string) => machine.at("lib/modules", release, "updates/dkms/hello.ko");

    machine.agent("status");
    const before = [machine.at(), machine.etc()].map((place) => snapshot(place));
    const noop = machine.apply(hello, "--noop");
    assert.is(noop.exitCode, 0, text(noop));
    assert.match(
      noop.stdout,
      `dkms_module[hello]: add, build, install hello/1.0@${older}/x86_64: it is not built for this kernel`,
    );
    assert.match(noop.stdout, "Dkms_module[hello]/ensure: current_value 'absent', should be 'present' (noop)");
    const after = [machine.at(), machine.etc()].map((place) => snapshot(place));
    assert.equal(
      before.flatMap((one, index) => differences(one, after[index] ?? new Map())),
      [],
    );

    const bad = `dkms_module { 'bad': version => '1.0', kernels => '${older}' }`;
    const lost = "dkms_module { 'lost': version => '2.0', kernels => 'newest', blocked => warn }";
    const first = machine.apply([bad, hello, world, lost].join("\n"));
    assert.is(first.exitCode, 6, text(first));
    assert.match(first.stdout, "Dkms_module[hello]/ensure: created");
    assert.match(first.stderr, /Dkms_module\[bad\]: Could not evaluate: .*make ended with exit code 1 .*\[E_MAKE\]/);
    assert.match(first.stderr, /The end of \/var\/lib\/dkms\/.*make\.log:\n(.*\n)*.*this does not compile/);
    assert.match(
      first.stderr,
      /Warning: dkms_module\[lost\]: blocked lost\/2\.0@.*\[E_NO_SOURCE\]: install the package/,
    );
    for (const release of [older, newer]) assert.ok(fs.existsSync(object(release)));

    const again = machine.apply([hello, world].join("\n"));
    assert.is(again.exitCode, 0, text(again));
    assert.not.match(again.stdout, "Dkms_module");

    const list = machine.resource();
    assert.is(list.exitCode, 0, text(list));
    assert.match(list.stdout, /dkms_module \{ 'hello': \n {2}ensure => 'present',\n {2}version => '1\.0',/);
    assert.match(
      list.stdout,
      `# instances => ['1.0@${older}/x86_64 installed', '1.0@${newer}/x86_64 installed'], # Read Only`,
    );
    assert.match(list.stdout, /dkms_module \{ 'bad': (.*\n)*.*pending => \['blocked bad\/1\.0@.*E_FAILED_BEFORE/);

    fs.rmSync(object(older));
    fs.appendFileSync(object(newer), "x");
    // What is listed can be pasted into a manifest.
    const pasted = /^dkms_module \{ 'hello': (.*\n)*?\}$/m.exec(list.stdout)?.[0] ?? "";
    const mended = machine.apply(pasted);
    assert.is(mended.exitCode, 2, text(mended));
    assert.match(mended.stdout, `hello/1.0@${older}/x86_64: hello.ko is gone from the install tree (drift)`);
    assert.match(mended.stdout, `hello/1.0@${newer}/x86_64: hello.ko is not the one that was built (drift)`);
    assert.not.match(mended.stdout, " changed ");
    assert.ok(fs.existsSync(object(older)));

    // Somebody spoils a document of Puppet's, and with it every run on the host.
    fs.appendFileSync(machine.etc("dkms-agent/desired-state/world.yaml"), "  - {name: other\n\t[");
    const upgrade = `dkms_module { 'world': ensure => absent } dkms_module { 'hello': version => '1.1', kernels => '${newer}' }`;
    const changed = machine.apply(upgrade);
    assert.is(changed.exitCode, 2, text(changed));
    assert.match(changed.stdout, "Dkms_module[hello]/version: version changed '1.0' to '1.1'");
    assert.match(changed.stdout, `dkms_module[world]: uninstall, unbuild, remove world/1.0@${older}/x86_64`);
    assert.match(changed.stdout, "Dkms_module[world]/ensure: removed");
    const { modules: there } = JSON.parse(machine.agent("status", "--json").stdout);
    assert.not.ok(JSON.stringify(there).includes("world/1.0"));
    assert.ok(JSON.stringify(there).includes(`"hello/1.1@${newer}/x86_64"`));
    // What Puppet has written is what the timer and the kernel hooks go by.
    assert.is(machine.agent("plan", "--detailed-exitcode", "--module", "hello", "--module", "world").exitCode, 0);
  },
);

/** Of everything that YAML and JSON might take for their own. */
const oddMake = 'cp made/$kernelver.ko world.ko; : "ü😀" # {[]} - & * ! | > %';

testNeeding(
  modules,
  ["root", "puppet", "kmod"],
  "says whose mistake it is, and writes nothing then",
  (_, { machine }) => {
    quickModule(machine, "hello");
    const documents = machine.etc("dkms-agent/desired-state");
    fs.mkdirSync(documents, { recursive: true });
    const other = path.join(documents, "other.yaml");
    const hello = `dkms_module { 'hello': version => '1.0', kernels => '${older}' }`;
    const listed = () => fs.readdirSync(documents).sort();

    const theirs = ['{name: hello, version: "1.0"}', "{name: world, verson: 1.0}"].map((entry) => `  - ${entry}\n`);
    fs.writeFileSync(other, `apiVersion: dkms-agent/v1\nmodules:\n${theirs.join("")}`);
    fs.writeFileSync(path.join(documents, "two.yaml"), "apiVersion: dkms-agent/v1\nmodules: []\n");
    const theirOwn = "# Managed by Puppet, as Dkms_agent::Document[four]: what is changed here is changed back.\n";
    fs.writeFileSync(path.join(documents, "four.yaml"), `${theirOwn}modules: [{name: four, version: "4"}]\n`);
    const wrong =
      "dkms_module { 'two': version => '1.0' } dkms_module { 'three': version => '3', kernels => [{ 'range' => 'abc' }] } dkms_module { 'four': version => '4' }";
    const broken = machine.apply(`${hello} ${wrong}`);
    assert.is(broken.exitCode, 6, text(broken));
    assert.match(
      broken.stderr,
      "/desired-state/other.yaml:3:12: hello/1.0 is listed already in /etc/dkms-agent/desired-state/hello.yaml, line 4. [E_DUPLICATE_MODULE]",
    );
    assert.match(
      broken.stderr,
      '/etc/dkms-agent/desired-state/other.yaml:4:19: There is no key "verson" in a module. [E_UNKNOWN_KEY]',
    );
    assert.match(broken.stderr, "two.yaml does not list two alone");
    assert.match(broken.stderr, "four.yaml is that of Dkms_agent::Document[four]; give it another name");
    assert.match(broken.stderr, '/etc/dkms-agent/desired-state/three.yaml:6:24: "abc" is not a bound of a range.');
    assert.equal(listed(), ["four.yaml", "other.yaml", "two.yaml"]);

    const number = machine.apply("dkms_module { 'hello': version => 1.10 }");
    assert.is(number.exitCode, 1);
    assert.match(number.stderr, "version 1.1 is a number, and Puppet takes 1.10 for 1.1: write it in quotes");
  },
);

modules.run();

const example = suite<World>("examples/puppet/site.pp");

example.before((context) => {
  context.machine = puppetMachine();
});

example.after(({ machine }) => machine.remove());

testNeeding(
  example,
  ["root", "puppet", "kmod"],
  "sets up a host, and finds nothing to do the second time",
  (_, { machine }) => {
    quickModule(machine, "v4l2loopback", { version: "0.12.7" });
    quickModule(machine, "jool", { version: "4.1.9" });
    const manifest = fs.readFileSync(path.join(import.meta.dirname, "../../examples/puppet/site.pp"), "utf8");
    const first = machine.applyWithFacts(manifest);
    assert.is(first.exitCode, 2, text(first));
    const { modules: there } = JSON.parse(machine.agent("status", "--json").stdout);
    for (const address of [`v4l2loopback/0.12.7@${running}`, `jool/4.1.9@${older}`, `jool/4.1.9@${newer}`])
      assert.ok(JSON.stringify(there).includes(address), address);
    assert.ok(machine.systemctl().includes("start -- dkms-agent-apply.timer"));
    assert.ok(machine.systemctl().includes("enable -- dkms-agent-apply.timer"));
    const dropIn = (unit: string) => fs.readFileSync(machine.etc("systemd/system", `${unit}.d/puppet.conf`), "utf8");
    assert.match(
      dropIn("dkms-agent-apply.timer"),
      "[Timer]\nOnCalendar=\nOnCalendar=*-*-* 04:17:00\nRandomizedDelaySec=1h\n",
    );
    assert.match(dropIn("dkms-agent-apply.service"), "ExecStart=\nExecStart=/usr/local/bin/dkms-agent apply\n");
    assert.match(fs.readFileSync(machine.etc("dkms-agent/config.yaml"), "utf8"), '"jobs": "2"\n');

    const second = machine.applyWithFacts(manifest);
    assert.is(second.exitCode, 0, text(second));

    const other = `class { 'dkms_agent': trigger => 'cron', kernel_hooks => 'debian', settings => { 'signing' => 'of' } }`;
    const refused = machine.apply(other);
    assert.is(refused.exitCode, 4, text(refused));
    assert.match(refused.stderr, '"signing" cannot be "of". [E_BAD_VALUE]');
    assert.match(fs.readFileSync(machine.etc("dkms-agent/config.yaml"), "utf8"), '"signing": "optional"\n');

    const cron = machine.apply(other.replace("'of'", "'off'"));
    assert.is(cron.exitCode, 2, text(cron));
    assert.ok(machine.systemctl().includes("disable --now dkms-agent-apply.timer"));
    assert.not.ok(fs.existsSync(machine.etc("systemd/system/dkms-agent-apply.timer")));
    assert.match(
      fs.readFileSync(machine.etc("cron.d/dkms-agent"), "utf8"),
      / root \/usr\/local\/bin\/dkms-agent apply --quiet\n/,
    );
  },
);

example.run();

function text({ stdout, stderr }: ProgramResult): string {
  return stdout + stderr;
}
