import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ApplyEvent } from "../../src/apply/event.ts";
import { openHost } from "../../src/commands/open-host.ts";
import { reportConcluded, reportRefused } from "../../src/commands/run-report.ts";
import { unknownObjects } from "../../src/dkms/known-objects.ts";
import { findCaller } from "../../src/host/caller.ts";
import { assemblePlan } from "../../src/plan/assemble-plan.ts";
import { noFilter } from "../../src/plan/resolve-wanted.ts";
import { dkmsTree } from "../rig/tree-builder.ts";
import { actualState, desiredState } from "../rig/world.ts";

const report = suite("reportConcluded");

report("a report that goes wrong is a warning, and does not make the run fail", async () => {
  const tree = dkmsTree();
  try {
    const { signal } = new AbortController();
    const opened = await openHost({ places: { root: tree.root }, signal, allowInsecureFiles: true }, () => {});
    assert.ok(opened.ok);
    const clock = () => {
      throw new TypeError("there is no time");
    };
    const facts = { caller: findCaller(), command: "a test", toolVersion: "1" };
    const run = {
      facts,
      engine: "builtin" as const,
      filter: noFilter,
      watch: { startedAt: new Date(0), elapsedMs: () => 7 },
    };
    const [desired, actual] = [desiredState({}), actualState()];
    const plan = assemblePlan(desired, actual);
    const broken = { ...opened.value, host: { ...opened.value.host, clock } };
    const events: ApplyEvent[] = [];
    const tell = reportConcluded(broken, run, { desired, emit: (event) => events.push(event) });
    await tell({ plan, actual, now: plan, outcome: undefined }, unknownObjects(broken.host));
    const codes = events.map((event) => (event.type === "diagnostic" ? event.diagnostic.code : event.type));
    assert.equal(codes, ["W_NOT_KEPT"]);
    await reportRefused(broken, run, { diagnostics: [] });
    assert.is(fs.existsSync(tree.at("var/lib/dkms/.dkms-agent/last-run.json")), false);
    await reportRefused(opened.value, run, { diagnostics: [] });
    assert.is(fs.existsSync(tree.at("var/lib/dkms/.dkms-agent/last-run.json")), true);
  } finally {
    tree.remove();
  }
});
report.run();
