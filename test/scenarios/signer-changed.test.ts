import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { runAgent } from "../rig/agent.ts";
import { makePair, realSignFile } from "../rig/signing-world.ts";
import { testNeeding } from "../rig/test-needing.ts";
import { dkmsTree } from "../rig/tree-builder.ts";
import { addKernel, addSource } from "../rig/twin-world.ts";

const scenario = suite("a signing key that is changed");
const release = "6.1.0-1";

testNeeding(
  scenario,
  ["two-kernels", "openssl"],
  "where signing is required, what another key has signed is built anew; what dell/dkms has built is not",
  async (part) => {
    const tree = dkmsTree();
    try {
      addKernel(tree, release);
      addSource(tree, { name: "demo", version: "1.0" });
      tree.write(`usr/headers-${release}/include/config/auto.conf`, 'CONFIG_MODULE_SIG_HASH="sha256"\n');
      fs.copyFileSync(realSignFile(part("two-kernels")), tree.at("sign-file"));
      for (const name of ["a", "b"]) makePair(tree.at("keys"), name);
      const modules = 'kernels: [installed]\nmodules: [{name: demo, version: "1.0"}]\n';
      tree.write("etc/dkms-agent/desired-state/demo.yaml", `apiVersion: dkms-agent/v1\n${modules}`);
      const settings = (signing: string, name: string) => {
        const pair = `signing_key: /keys/${name}.key\ncertificate: /keys/${name}.der\nsign_file: /sign-file\n`;
        tree.write("etc/dkms-agent/config.yaml", `signing: ${signing}\n${pair}`);
      };
      const planned = async () => (await runAgent(tree.root, ["plan"])).stdout;
      const apply = async () => {
        const { exitCode, stdout, stderr } = await runAgent(tree.root, ["apply"]);
        assert.is(exitCode, 0, stdout + stderr);
        assert.match(await planned(), "Nothing to do");
      };
      settings("off", "a");
      await apply();
      settings("required", "a");
      assert.match(await planned(), "signing is required, and it is not signed");
      await apply();
      settings("optional", "b");
      assert.match(await planned(), "Nothing to do");
      settings("required", "b");
      assert.match(await planned(), "signing is required, and it is signed by another key");
      await apply();
      fs.rmSync(tree.at(`var/lib/dkms/demo/1.0/${release}/x86_64/.dkms-agent-build.json`));
      settings("required", "a");
      assert.match(await planned(), "Nothing to do");
    } finally {
      tree.remove();
    }
  },
);

scenario.run();
