import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadDesired } from "../../src/desired-state/load-desired.ts";
import { moduleSchema } from "../../src/desired-state/schema.ts";
import { createHost } from "../../src/host/create-host.ts";
import { puppetModule } from "../rig/puppet-machine.ts";
import { runProgram } from "../rig/run-program.ts";
import { testNeeding } from "../rig/test-needing.ts";

const module = suite<{ directory: string }>("the Puppet module");

module.before((context) => {
  context.directory = fs.mkdtempSync(path.join(os.tmpdir(), "dkms-agent-puppet-"));
  // Its name is that of its directory.
  fs.symlinkSync(puppetModule, path.join(context.directory, "dkms_agent"));
});

module.after(({ directory }) => fs.rmSync(directory, { recursive: true, force: true }));

const examples = path.join(import.meta.dirname, "../../examples/puppet");

testNeeding(
  module,
  ["puppet"],
  "is accepted by puppet parser, puppet epp and puppet-lint",
  async (_, { directory }) => {
    const at = (...names: readonly string[]) => path.join(directory, "dkms_agent", ...names);
    const types = fs.readdirSync(at("types")).map((name) => at("types", name));
    const templates = fs.readdirSync(at("templates")).map((name) => at("templates", name));
    const places = ["confdir", "vardir", "logdir", "publicdir"].flatMap((name) => [
      `--${name}`,
      path.join(directory, name),
    ]);
    const commands = [
      ["puppet", "parser", "validate", ...places, at("manifests"), ...types, examples],
      ["puppet", "epp", "validate", ...places, ...templates],
      ["puppet-lint", "--fail-on-warnings", "--no-140chars-check", "dkms_agent", examples],
    ] as const;
    for (const [program, ...words] of commands) {
      const { exitCode, stdout, stderr } = await runProgram(program, words, { cwd: directory });
      assert.is(exitCode, 0, `${program} ${words[0]}: ${stdout}${stderr}`);
    }
  },
);

module("has each attribute and parameter in its README", () => {
  const readme = read("README.md");
  const attributes = [...read("lib/puppet/type/dkms_module.rb").matchAll(/^ {4}(\w+): \{$/gm)].map(([, name]) => name);
  const parameters = [...read("manifests/init.pp").matchAll(/^ {2}\S.* \$(\w+) =/gm)].map(([, name]) => name);
  assert.ok(attributes.length > 10 && parameters.length > 10);
  assert.equal(
    [...attributes, ...parameters].filter((name) => !readme.includes(`\`${name}\``)),
    [],
  );
});

module("has an attribute for each key of a module in a document", () => {
  const type = read("lib/puppet/type/dkms_module.rb");
  // Absent is what ensure says.
  const keys = Object.keys(moduleSchema.shape);
  assert.equal(
    keys.filter((key) => !new RegExp(`^ {4}${key}: \\{$`, "m").test(type)),
    [],
  );
});

module("is as new as the program that it comes with", () => {
  const { version } = JSON.parse(fs.readFileSync(path.join(puppetModule, "../../package.json"), "utf8"));
  assert.is(JSON.parse(read("metadata.json")).version, version);
});

/** Reads entries as JSON, writes each as a document, and prints what it reads of it again. */
const roundTrip = `
$LOAD_PATH.unshift(ARGV[0])
require 'puppet_x/dkms_agent/document'
document = PuppetX::DkmsAgent::Document
document.send(:remove_const, :DIRECTORY)
document.const_set(:DIRECTORY, ARGV[1])
entries = JSON.parse(File.read(ARGV[2], encoding: 'UTF-8'))
read = entries.map { |entry| document.write(entry['name'], entry); document.read(entry['name']) }
print JSON.generate(read)
`;

testNeeding(
  module,
  ["puppet"],
  "writes documents that it and the agent read as they were meant",
  async (_, { directory }) => {
    const value = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 30 })
      .filter((text) => !/[\p{Cc}\p{Cs}]/u.test(text));
    const entry = fc.record(
      {
        version: fc.constantFrom("1.10", "0x1f", "1e3", "yes", "null", "~", "2026-11-22", "é"),
        state: fc.constantFrom("installed", "built", "added"),
        kernels: fc.constantFrom(["running"], ["6.1.0-1-amd64", { not: "*-rt-*" }], [{ range: ">=6.1 <6.13" }]),
        directives: fc.dictionary(fc.constantFrom("STRIP", "MAKE[0]", "CLEAN", "DEST_MODULE_LOCATION[1]"), value),
        timeout: fc.constantFrom("1h30m", "20m"),
        protect: fc.constantFrom("true", "false"),
      },
      { requiredKeys: ["version"] },
    );
    const entries = fc.sample(entry, { numRuns: 150, seed: 7 }).map((one, index) => ({ name: `m${index}`, ...one }));
    const file = path.join(directory, "entries.json");
    const documents = path.join(directory, "desired-state");
    fs.mkdirSync(documents);
    fs.writeFileSync(file, JSON.stringify(entries));
    const words = ["-e", roundTrip, path.join(puppetModule, "lib"), documents, file];
    const { exitCode, stdout, stderr } = await runProgram("ruby", words);
    assert.is(exitCode, 0, stderr);
    assert.equal(JSON.parse(stdout), JSON.parse(JSON.stringify(entries)));

    const { desired, diagnostics } = loadDesired(createHost(), [documents], { allowInsecureFiles: true });
    assert.ok(desired, JSON.stringify(diagnostics.slice(0, 3)));
    for (const { name, version, directives = {} } of entries) {
      const found = desired.modules.find((one) => one.name === name);
      assert.is(found?.version, version);
      assert.equal({ ...found?.directives }, { ...directives });
    }
  },
);

module.run();

function read(name: string): string {
  return fs.readFileSync(path.join(puppetModule, name), "utf8");
}
