import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { machine } from "../rig/machine.ts";
import { quickMachine, quickModule, wanted } from "../rig/quick-machine.ts";
import { testNeeding } from "../rig/test-needing.ts";

const scenario = suite("import, then plan");
const cli = path.join(import.meta.dirname, "../../dist/cli.cjs");
const example = path.join(import.meta.dirname, "../../examples/modules/hello");

testNeeding(
  scenario,
  ["two-kernels", "dkms", "module-sources", "gcc", "make", "kmod", "root"],
  "a host that only ever had dell/dkms: two real modules, for two kernels and for one",
  (part) => {
    const own = machine({ layers: { "/usr/src": ["/usr/src"] } });
    try {
      const { older, newer } = part("two-kernels");
      for (const { release, directory } of [older, newer]) {
        fs.mkdirSync(own.at("/lib/modules", release), { recursive: true });
        fs.symlinkSync(fs.realpathSync(directory), own.at("/lib/modules", release, "build"));
        for (const file of ["modules.dep", "modules.order", "modules.builtin"])
          fs.writeFileSync(own.at("/lib/modules", release, file), "");
      }
      const vpoll = part("module-sources").modules.find(({ name }) => name === "vpoll");
      assert.ok(vpoll);
      fs.cpSync(vpoll.directory, own.at("/usr/src", `vpoll-${vpoll.version}`), { recursive: true });
      fs.cpSync(example, own.at("/usr/src", "dkms-agent-hello-1.0.0"), { recursive: true });
      const hello = "dkms-agent-hello/1.0.0";
      const dkms = (...words: readonly string[]) => {
        const { exitCode, stdout, stderr } = own.run([...part("dkms").command, ...words]);
        assert.is(exitCode, 0, stdout + stderr);
      };
      for (const { release } of [older, newer]) dkms("install", `vpoll/${vpoll.version}`, "-k", release);
      dkms("install", hello, "-k", newer.release);
      dkms("build", hello, "-k", older.release);
      const file = path.join(own.root, "imported.yaml");
      const agent = (...words: readonly string[]) => own.run([process.execPath, cli, ...words]);
      const imported = agent("import", "--out", file);
      assert.is(imported.exitCode, 0, imported.stderr);
      assert.match(imported.stderr, `${hello}: built, but not installed, for ${older.release}: stays as it is`);
      const planned = agent("plan", "--detailed-exitcode", "-f", file);
      assert.is(planned.exitCode, 0, planned.stdout + planned.stderr);
      assert.match(planned.stdout, "all 3 wanted instances are as they should be");
      assert.is(planned.stderr, "");
      const text = fs.readFileSync(file, "utf8");
      assert.match(
        text,
        `name: dkms-agent-hello\n    version: "1.0.0"\n    state: installed\n    kernels: [${newer.release}]\n`,
      );
    } finally {
      own.remove();
    }
  },
);

testNeeding(
  scenario,
  ["gcc", "make", "kmod"],
  "a host of our own: the directives of a build come back, and a file that exists is not replaced unasked",
  async () => {
    const own = quickMachine();
    try {
      quickModule(own, "evdi");
      own.want(wanted("evdi", 'directives: {NO_WEAK_MODULES: "yes"}'));
      await own.apply();
      const printed = await own.run("import");
      assert.is(printed.exitCode, 0, printed.stderr);
      assert.match(printed.stdout, 'directives:\n      NO_WEAK_MODULES: "yes"\n');
      const file = own.at("imported.yaml");
      assert.is((await own.run("import", "--out", file)).exitCode, 0);
      assert.is(fs.readFileSync(file, "utf8"), printed.stdout);
      assert.is((await own.run("plan", "--detailed-exitcode", "-f", file)).exitCode, 0);
      const again = await own.run("import", "--out", file);
      assert.is(again.exitCode, 64);
      assert.match(again.stderr, "--force");
      const nowhere = await own.run("import", "--out", own.at("no/such/place.yaml"));
      assert.is(nowhere.exitCode, 64);
      assert.match(nowhere.stderr, "mkdir -p");
      fs.writeFileSync(file, "precious");
      assert.is((await own.run("import", "--out", file, "--force")).exitCode, 0);
      assert.is(fs.readFileSync(file, "utf8"), printed.stdout);
      const json = JSON.parse((await own.run("import", "--json")).stdout);
      fs.writeFileSync(file, JSON.stringify(json.desired));
      assert.is((await own.run("plan", "--detailed-exitcode", "-f", file)).exitCode, 0);
      assert.match(
        (await own.run("history", "--module", "nothing")).stdout,
        "No run of the journal did anything to that",
      );
      const { runs } = JSON.parse((await own.run("history", "--json")).stdout);
      assert.equal(
        runs.map(({ ending }: { ending: string }) => ending),
        ["done"],
      );
    } finally {
      own.remove();
    }
  },
);

scenario.run();
