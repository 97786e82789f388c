import { suite } from "uvu";
import * as assert from "uvu/assert";
import { reconcile } from "../src/reconcile.ts";
import { reconcileOptions } from "./rig/reconcile-options.ts";
import { differences, snapshot } from "./rig/snapshot.ts";
import { testNeeding } from "./rig/test-needing.ts";
import { verbWorld, writeSource } from "./rig/verb-world.ts";
import { desiredState } from "./rig/world.ts";

const reconciling = suite("reconcile");

testNeeding(
  reconciling,
  ["gcc", "make", "kmod", "flock"],
  "who changes something waits once for it to come to rest, and the next run has only its journal line to write",
  async () => {
    const tree = verbWorld();
    writeSource(tree);
    const pauses: number[] = [];
    const { pause } = tree.host();
    const host = tree.host({
      pause: async (ms) => {
        pauses.push(ms);
        await pause(ms);
      },
    });
    const run = async () => {
      const result = await reconcile(host, desiredState({ "demo/1.0": {} }), reconcileOptions);
      assert.ok(result.ok);
      assert.equal(result.value.now.steps, []);
      return result.value.outcome?.steps.length ?? 0;
    };
    assert.ok((await run()) > 0);
    assert.is(pauses.length, 1);
    const before = snapshot(tree.root, ["tmp"]);
    assert.is(await run(), 0);
    assert.is(pauses.length, 1);
    const state = tree.at("var/lib/dkms/.dkms-agent");
    assert.equal(differences(before, snapshot(tree.root, ["tmp"])), [
      `changed ${state}/journal.jsonl`,
      `changed ${state}/lock`,
    ]);
    tree.remove();
  },
);

reconciling.run();
