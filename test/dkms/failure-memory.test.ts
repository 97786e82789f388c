import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { BuildInputs } from "../../src/dkms/build-record.ts";
import type { FailureCode } from "../../src/dkms/failure.ts";
import { forgetFailure, pendingFailure, rememberFailure } from "../../src/dkms/failure-memory.ts";
import { rememberedFailureFile } from "../../src/dkms/state-layout.ts";
import { createHost } from "../../src/host/create-host.ts";
import type { Host } from "../../src/host/host.ts";
import { dkmsTree } from "../rig/tree-builder.ts";
import { demo } from "../rig/verb-world.ts";

interface World {
  now: Date;
  host: Host;
  remove: () => void;
}

const memory = suite<World>("the memory of failures");

memory.before.each((world) => {
  const tree = dkmsTree();
  world.now = new Date("2026-01-01T00:00:00Z");
  world.host = createHost({ root: tree.root, clock: () => world.now });
  world.remove = tree.remove;
});

memory.after.each(({ remove }) => remove());

const inputs: BuildInputs = { source: "s", conf: "c", headers: "h", compiler: "g", dependencies: {} };

function failAt(world: World, code: FailureCode = "E_MAKE", from = inputs): void {
  rememberFailure(world.host, demo(), {
    inputs: from,
    failure: { code, message: "make ended with 2.", dkmsExit: 10 },
  });
}

/** Minutes from the failure to the next try; `undefined` if nothing is pending. */
function pauseOf({ host }: World, from = inputs): number | undefined {
  const pending = pendingFailure(host, demo(), from);
  return pending && (pending.nextTry.getTime() - pending.failedAt.getTime()) / 60_000;
}

memory("holds back the same build until its time, and says what happened", (world) => {
  failAt(world);
  const pending = pendingFailure(world.host, demo(), inputs);
  assert.is(pending?.code, "E_MAKE");
  assert.is(pending?.message, "make ended with 2.");
  assert.is(pending?.attempts, 1);
  world.now = new Date("2026-01-01T00:09:59Z");
  assert.is(pauseOf(world), 10);
  world.now = new Date("2026-01-01T00:10:00Z");
  assert.is(pauseOf(world), undefined);
});

memory("doubles the pause with each failure in a row, up to a day", (world) => {
  const pauses = Array.from({ length: 10 }, () => {
    failAt(world);
    return pauseOf(world);
  });
  assert.equal(pauses, [10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440]);
});

memory("does not hold back a build from anything else, and then counts anew", (world) => {
  failAt(world);
  failAt(world);
  const changed = { ...inputs, compiler: "another" };
  assert.is(pauseOf(world, changed), undefined);
  failAt(world, "E_MAKE", changed);
  assert.is(pauseOf(world, changed), 10);
});

memory("passes over what may be gone the next minute", (world) => {
  for (const code of ["E_CANCELLED", "E_KILLED", "E_NO_MEMORY", "E_NO_SPACE", "E_IO", "E_PRECONDITION"] as const)
    failAt(world, code);
  assert.is(pauseOf(world), undefined);
});

memory("forgets", (world) => {
  failAt(world);
  forgetFailure(world.host, demo());
  forgetFailure(world.host, demo());
  assert.is(pauseOf(world), undefined);
  assert.equal(fs.readdirSync(world.host.paths.state), [], "no empty directory is left");
});

memory("holds nothing back when the clock was set back, or when the file says nothing", (world) => {
  failAt(world);
  world.now = new Date("2025-12-31T23:59:59Z");
  assert.is(pauseOf(world), undefined);
  world.now = new Date("2026-01-01T00:00:01Z");
  for (const text of ["", "{", "null", '{"format":2}', '{"format":1,"inputs":{}}']) {
    fs.writeFileSync(rememberedFailureFile(world.host.paths, demo()), text);
    assert.is(pauseOf(world), undefined, text);
  }
});

memory.run();
