import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { commandTable } from "../../src/commands/command-table.ts";
import { detailedApplyCodes, exitCodes } from "../../src/commands/exit-codes.ts";
import { sharedOptionSpecs } from "../../src/commands/shared-options.ts";
import { cli, runAgent } from "../rig/agent.ts";
import { runProgram } from "../rig/run-program.ts";
import { testNeeding } from "../rig/test-needing.ts";

const man = suite("the manual pages");

const pages = path.join(path.dirname(cli), "man");
const env = { MANWIDTH: "500", LC_ALL: "C.UTF-8", MANOPT: "", PAGER: "cat" };

for (const page of ["dkms-agent.8", "dkms-agent.yaml.5"]) {
  testNeeding(man, ["man"], `man -l shows ${page} and warns of nothing`, async () => {
    const words = ["--warnings=w", "-E", "UTF-8", "-l", path.join(pages, page)];
    const { exitCode, stderr, stdout } = await runProgram("man", words, { env });
    assert.equal([exitCode, stderr], [0, ""]);
    assert.match(stdout, "SEE ALSO");
  });

  testNeeding(man, ["mandoc"], `mandoc finds nothing wrong with ${page}`, async () => {
    const { stdout, stderr } = await runProgram("mandoc", ["-Tlint", "-Wwarning", path.join(pages, page)], { env });
    assert.is(stdout + stderr, "");
  });
}

/** What a person reads. */
async function shown(page: string): Promise<string> {
  const { stdout } = await runProgram("man", ["-E", "UTF-8", "-l", path.join(pages, page)], { env });
  return stdout.replace(/\s+/g, " ");
}

testNeeding(man, ["man"], "dkms-agent(8) has every command, option and exit code, as the help tells them", async () => {
  const text = await shown("dkms-agent.8");
  const has = (...words: readonly string[]) => {
    for (const word of words) assert.ok(text.includes(word.replace(/\s+/g, " ")), `${word} in ${text}`);
  };
  for (const { name, description, options, examples } of commandTable) {
    has(`dkms-agent ${name} [option]...`, description);
    for (const option of options) has(`${option.flags} ${option.description}`);
    for (const [line, purpose] of examples) has(`${line} ${purpose}`);
  }
  for (const { flags, description } of sharedOptionSpecs) has(`${flags} ${description}`);
  for (const { code, meaning } of [...Object.values(exitCodes), ...Object.values(detailedApplyCodes)])
    has(`${code} ${meaning}`);
});

testNeeding(man, ["man"], "dkms-agent.yaml(5) has every key of the schemas, each once", async () => {
  const text = await shown("dkms-agent.yaml.5");
  const desired = JSON.parse(fs.readFileSync("desired-state/schema.json", "utf8"));
  const settings = JSON.parse(fs.readFileSync("desired-state/config.schema.json", "utf8"));
  const described = [desired.properties, desired.properties.modules.items.properties, settings.properties];
  for (const [key, { description }] of described.flatMap((properties) =>
    Object.entries<{ description: string }>(properties),
  ))
    assert.ok(text.includes(`${key} ${description}`), `${key}: ${description} in ${text}`);
  for (const key of ["kernels[].match", "kernels[].not"]) assert.is(text.split(`${key} `).length, 2, key);
});

man("a page that does not exist is a typing error", async () => {
  const { exitCode, stderr } = await runAgent("/", ["man", "dkms-agent.9"]);
  assert.is(exitCode, 64);
  assert.match(stderr, 'Did you mean "dkms-agent.8"?');
});

man.run();
