import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { agentRoot } from "../rig/agent.ts";
import { dkmsTree } from "../rig/tree-builder.ts";

const scenario = suite("drift");

scenario("a change tells whether the documents or the host moved, and status marks what has drifted", async () => {
  const host = agentRoot([]);
  const tree = dkmsTree(host.root).kernel("6.1.0-1");
  tree.module("good/1.0").installed("6.1.0-1");
  tree.module("other/1.0").installed("6.1.0-1");
  const module = (name: string, more = "") => `  - {name: ${name}, version: "1.0", kernels: [6.1.0-1]${more}}`;
  const drifts = async () => {
    const { stdout } = await host.run("plan", "--json");
    const { changes }: { changes: readonly { address: string; drift: string }[] } = JSON.parse(stdout);
    return changes.map(({ address, drift }) => `${address.split("/")[0]} ${drift}`);
  };
  host.want(module("good", ", state: built"));
  assert.equal(await drifts(), ["good first_seen"]);
  host.want(module("good"));
  await host.apply();
  fs.rmSync(host.at("lib/modules/6.1.0-1/updates/dkms/good.ko"));
  host.want(`${module("good")}\n${module("other", ", state: built")}`);
  assert.equal(await drifts(), ["good corrective", "other first_seen"]);
  const { stdout } = await host.run("status");
  assert.match(stdout, /good\.ko .*\(drift\)/);
  assert.match((await host.run("plan")).stdout, "good.ko is gone from the install tree (drift)");
  host.want(module("good", ", state: built"));
  assert.equal(await drifts(), ["good intentional"]);
  host.want(module("good"));
  await host.apply();
  for (const lost of ["var/lib/dkms/good/kernel-6.1.0-1-x86_64", "lib/modules/6.1.0-1/updates/dkms/good.ko"])
    fs.rmSync(host.at(lost));
  const drifted = await host.run("status");
  assert.match(drifted.stdout, /≈ {2}drifted: not as it was left/);
  fs.writeFileSync(host.at("var/lib/dkms/.dkms-agent/last-applied.json"), "{");
  assert.equal(await drifts(), ["good first_seen"]);
  assert.match((await host.run("plan")).stdout, /last-applied\.json is not usable/);
  await host.apply();
  assert.equal(await drifts(), []);
  host.remove();
});
scenario.run();
