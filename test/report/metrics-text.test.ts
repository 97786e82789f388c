import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { LastRunDocument } from "../../src/contract/last-run-schema.ts";
import { metricsText } from "../../src/report/metrics-text.ts";

const time = "2026-01-02T03:04:05.678Z";

const run: LastRunDocument = {
  format_version: "1.0",
  tool_version: "1.2.3",
  status: "unchanged",
  exit_code: 0,
  message: "Nothing to do.",
  changed: false,
  started_at: time,
  ended_at: time,
  duration_ms: 1500,
  command: "apply",
  who: { uid: 0, user: "root", login: null },
  host: { machine_id: null, arch: "x86_64", running_kernel: null },
  filter: { modules: [], kernel: null },
  desired: null,
  problems: [],
  summary: null,
  last_success_at: null,
  seen_at: null,
  instances: [],
  kernels: [],
  levels: {},
  drift: {},
  blocked: {},
  reboot_required: false,
  reboot_reasons: [],
  basis: null,
  digest: "",
};

function kernel(release: string, ready: "True" | "False" | "Unknown") {
  return { release, arch: "x86_64", running: false, ready, problems: [], not_ready: [] };
}

function figures(more: Partial<LastRunDocument>): readonly string[] {
  return metricsText({ ...run, ...more })
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
}

const text = suite("metricsText");

text("times are seconds, each metric has its help and type, and what is unknown is not there", () => {
  const lines = metricsText(run).split("\n");
  const at = lines.indexOf("dkms_agent_last_run_timestamp_seconds 1767323045.678");
  assert.equal(lines.slice(at - 2, at), [
    "# HELP dkms_agent_last_run_timestamp_seconds When a run last ended.",
    "# TYPE dkms_agent_last_run_timestamp_seconds gauge",
  ]);
  assert.ok(lines.includes("dkms_agent_last_run_duration_seconds 1.5"));
  assert.ok(lines.includes('dkms_agent_build_info{version="1.2.3"} 1'));
  for (const absent of ["last_success", "kernel_ready"]) assert.not.match(lines.join("\n"), absent);
  assert.is(lines.at(-1), "", "the last line ends too");
});

text("counts are there also where they are 0, and those of a later version as well", () => {
  const told = figures({ levels: { installed: 3, polished: 1 }, blocked: { "no-headers": 2 } });
  const of = (name: string) => told.filter((line) => line.startsWith(`dkms_agent_${name}{`));
  assert.equal(of("instances"), [
    'dkms_agent_instances{level="absent"} 0',
    'dkms_agent_instances{level="added"} 0',
    'dkms_agent_instances{level="built"} 0',
    'dkms_agent_instances{level="installed"} 3',
    'dkms_agent_instances{level="polished"} 1',
  ]);
  assert.is(of("blocked").length, 11);
  assert.ok(of("blocked").includes('dkms_agent_blocked{reason="no-headers"} 2'));
});

text("of a kernel of which nobody knows whether it is ready that is not said", () => {
  const kernels = [kernel("K1", "True"), kernel("K2", "False"), kernel("K3", "Unknown")];
  const told = figures({ kernels, last_success_at: time }).filter((line) => line.includes("kernel_ready"));
  assert.equal(told, ['dkms_agent_kernel_ready{kernel="K1"} 1', 'dkms_agent_kernel_ready{kernel="K2"} 0']);
});

text("a label cannot end itself, or the line", () => {
  const told = figures({ kernels: [kernel('a"} 1\nevil{x="\\', "True")] });
  assert.ok(told.includes('dkms_agent_kernel_ready{kernel="a\\"} 1\\nevil{x=\\"\\\\"} 1'));
});
text.run();
