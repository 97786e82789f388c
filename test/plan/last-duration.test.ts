import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ActualState } from "../../src/actual-state/actual-state.ts";
import type { InstanceId } from "../../src/dkms/id.ts";
import { lastDuration } from "../../src/plan/last-duration.ts";
import { actualState } from "../rig/world.ts";

const last = suite("lastDuration");

/** Builds of the package a that took so long: `version@release` -> milliseconds. */
function builds(durations: Readonly<Record<string, number>>): ActualState {
  const versions = [...new Set(Object.keys(durations).map((key) => key.split("@")[0] ?? ""))];
  const empty = actualState({ modules: Object.fromEntries(versions.map((version) => [`a/${version}`, {}])) });
  const modules = empty.modules.map((module) => ({
    ...module,
    instances: Object.entries(durations)
      .filter(([key]) => key.startsWith(`${module.id.version}@`))
      .map(([key, durationMs]) => {
        const kernel = { release: key.split("@")[1] ?? "", arch: "x86_64" };
        const record = { format: 1, module: module.id, kernel, inputs, builtAt: "", durationMs, objects: [] } as const;
        return { kernel, level: "built", objects: [], record, problems: [], originalsSaved: false } as const;
      }),
  }));
  return { ...empty, modules };
}

const inputs = { source: "", conf: "", headers: "", compiler: "", dependencies: {} };

const instance = (version: string, release: string): InstanceId => ({
  module: { name: "a", version },
  kernel: { release, arch: "x86_64" },
});

last("is that of the instance itself, where it was built before", () => {
  assert.is(lastDuration(builds({ "1@K1": 10, "1@K2": 30, "2@K1": 90 }), instance("1", "K1")), 10);
});

last("is the longest of the same version, else of any", () => {
  assert.is(lastDuration(builds({ "1@K1": 10, "1@K2": 30, "2@K1": 90 }), instance("1", "K3")), 30);
  assert.is(lastDuration(builds({ "1@K1": 10, "1@K2": 30, "2@K1": 90 }), instance("3", "K1")), 90);
});

last("is unknown where nothing of the package was built", () => {
  const other: InstanceId = { ...instance("1", "K1"), module: { name: "b", version: "1" } };
  assert.is(lastDuration(builds({ "1@K1": 10 }), other), undefined);
});

last.run();
