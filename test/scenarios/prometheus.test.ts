import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { quickMachine, quickModule, wanted } from "../rig/quick-machine.ts";
import { runProgram } from "../rig/run-program.ts";
import { testNeeding } from "../rig/test-needing.ts";

const examples = path.join(import.meta.dirname, "../../examples/prometheus");
const rules = "dkms_agent.rules.yaml";

const prometheus = suite("Prometheus");

testNeeding(prometheus, ["promtool"], "accepts the figures of real runs", async (part) => {
  const host = quickMachine(["6.1.0-1-amd64", '6.1.0-2\\n"x"']);
  try {
    quickModule(host, "good");
    quickModule(host, "bad", { make: "false" });
    host.want(`${wanted("good")}\n${wanted("bad")}`, "kernels: [installed]\n");
    fs.writeFileSync(host.at("etc/dkms-agent/config.yaml"), "metrics_file: /dkms_agent.prom\n");
    const check = async () => {
      const script = ["-c", '"$0" check metrics < "$1"', part("promtool").path, host.at("dkms_agent.prom")];
      const { exitCode, stdout, stderr } = await runProgram("sh", script);
      assert.equal([exitCode, stdout, stderr], [0, "", ""]);
    };
    await host.apply(1);
    await check();
    const text = fs.readFileSync(host.at("dkms_agent.prom"), "utf8");
    assert.match(text, 'dkms_agent_kernel_ready{kernel="6.1.0-2\\\\n\\"x\\""} 0\n');
    assert.not.match(text, "last_success");
    host.want(wanted("good"), "kernels: [6.1.0-1-amd64]\n");
    await host.apply();
    await check();
    const figures = fs.readFileSync(host.at("dkms_agent.prom"), "utf8");
    assert.match(figures, "dkms_agent_last_success_timestamp_seconds ");
    const used = fs.readFileSync(path.join(examples, rules), "utf8").match(/dkms_agent_\w+(?=[ {)])/g) ?? [];
    assert.ok(used.length > 6);
    for (const name of used) assert.match(figures, `# TYPE ${name} gauge\n`);
  } finally {
    host.remove();
  }
});

testNeeding(prometheus, ["promtool"], "fires each alert when it should, and not before", async (part) => {
  const run = (...words: readonly string[]) => runProgram(part("promtool").path, words);
  const checked = await run("check", "rules", path.join(examples, rules));
  assert.is(checked.exitCode, 0, checked.stdout + checked.stderr);
  const tested = await run("test", "rules", path.join(examples, "dkms_agent.test.yaml"));
  assert.is(tested.exitCode, 0, tested.stdout + tested.stderr);
});
prometheus.run();
