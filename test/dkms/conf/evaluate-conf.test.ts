import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { evaluateInBash } from "../../../src/dkms/conf/bash-evaluator.ts";
import { evaluateConf, knownVariables } from "../../../src/dkms/conf/evaluate-conf.ts";
import { entriesOf } from "../../../src/dkms/conf/raw-conf.ts";
import { evaluateStatically } from "../../../src/dkms/conf/static-evaluator.ts";
import { createHost } from "../../../src/host/create-host.ts";
import { testNeeding } from "../../rig/test-needing.ts";
import { kernelOf } from "./conf-builder.ts";

const evaluate = suite("evaluateConf");

testNeeding(evaluate, ["module-sources", "headers"], "both evaluators say the same of real files", async (part) => {
  const host = createHost();
  const answered = new Set<string>();
  for (const { name, version, directory } of part("module-sources").modules) {
    for (const { release, directory: headers } of part("headers").kernels) {
      const module = { name, version };
      const kernel = kernelOf({ id: { release, arch: "x86_64" }, headers: { directory: headers, digest: "" } });
      const file = join(directory, "dkms.conf");
      const variables = knownVariables(host, { module, kernel });
      const known = evaluateStatically(host.files.readText(file) ?? "", variables);
      if (!known) continue;
      const asked = await evaluateInBash(host.run, { file, variables, inherited: [] });
      assert.equal(entriesOf(known), asked.ok && entriesOf(asked.value.raw), `${name} for ${release}`);
      answered.add(name);
    }
  }
  assert.ok(answered.size > 0, "no real file is plain assignments");
});

testNeeding(evaluate, ["module-sources", "headers"], "reads every real file for every kernel", async (part) => {
  const host = createHost();
  for (const { name, version, directory } of part("module-sources").modules) {
    for (const { release, directory: headers } of part("headers").kernels) {
      const kernel = kernelOf({ id: { release, arch: "x86_64" }, headers: { directory: headers, digest: "" } });
      const request = { module: { name, version }, kernel, file: join(directory, "dkms.conf"), directives: {} };
      const evaluated = await evaluateConf(host, request);
      assert.ok(evaluated.ok, name);
      assert.is(evaluated.value.raw.get("PACKAGE_NAME")?.get(0), name);
      assert.is(evaluated.value.raw.get("PACKAGE_VERSION")?.get(0), version);
      const values = entriesOf(evaluated.value.raw).map(({ value }) => value);
      assert.not(values.join().includes("$"), `${name}: something was left unexpanded`);
    }
  }
});

evaluate.run();
