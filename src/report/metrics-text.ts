import type { LastRunDocument } from "../contract/last-run-schema.ts";
import type { BlockReason, Drift, Level } from "../plan/plan.ts";

/**
 * The report of a run as figures for Prometheus, in the text format that the textfile collector of node_exporter reads
 * (https://prometheus.io/docs/instrumenting/exposition_formats). Without times of samples, which it refuses. Counts stand
 * there also where they are 0, so that they can be compared over time; what nobody knows does not. Pure.
 */
export function metricsText(run: Omit<LastRunDocument, "digest">): string {
  return metricsOf(run)
    .filter(({ samples }) => samples.length > 0)
    .flatMap(({ name, help, samples }) => [
      `# HELP ${name} ${escapeHelp(help)}`,
      `# TYPE ${name} gauge`,
      ...samples.map(({ labels, value }) => `${name}${labelText(labels)} ${value}`),
    ])
    .map((line) => `${line}\n`)
    .join("");
}

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

function metricsOf(run: Parameters<typeof metricsText>[0]): readonly Metric[] {
  return [
    labelled("build_info", "The version of dkms-agent that ran last.", [
      { labels: { version: run.tool_version }, value: 1 },
    ]),
    plain("last_run_timestamp_seconds", "When a run last ended.", seconds(run.ended_at)),
    plain(
      "last_success_timestamp_seconds",
      "When a run about everything last left nothing undone.",
      run.last_success_at === null ? undefined : seconds(run.last_success_at),
    ),
    plain("last_run_duration_seconds", "How long the last run took.", run.duration_ms / 1000),
    plain("last_run_exit_code", "What the last run exited with, as without --detailed-exitcode.", run.exit_code),
    labelled("instances", "Modules for kernels, by how far they have come.", counts("level", levels, run.levels)),
    labelled(
      "drift",
      "What runs found not to be as wanted when they last looked, by how that came about.",
      counts("cause", drifts, run.drift),
    ),
    labelled("blocked", "What is wanted and cannot be reached, by reason.", counts("reason", reasons, run.blocked)),
    labelled(
      "kernel_ready",
      "Whether the kernel would boot with everything that is wanted for it.",
      run.kernels.flatMap(({ release, ready }) =>
        ready === "Unknown" ? [] : [{ labels: { kernel: release }, value: ready === "True" ? 1 : 0 }],
      ),
    ),
    labelled(
      "kernel_running",
      "Whether the kernel runs.",
      run.kernels.map(({ release, running }) => ({ labels: { kernel: release }, value: running ? 1 : 0 })),
    ),
    plain("reboot_required", "Whether something wanted only comes with a reboot.", run.reboot_required ? 1 : 0),
  ];
}

function labelled(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name: `dkms_agent_${name}`, help, samples };
}

function plain(name: string, help: string, value: number | undefined): Metric {
  return labelled(name, help, value === undefined ? [] : [{ labels: {}, value }]);
}

function seconds(time: string): number {
  return Date.parse(time) / 1000;
}

/** All that are known, in their order; then what a later version has counted. */
function counts(label: string, known: readonly string[], counted: Readonly<Record<string, number>>): readonly Sample[] {
  const names = [...new Set([...known, ...Object.keys(counted)])];
  return names.map((name) => ({ labels: { [label]: name }, value: counted[name] ?? 0 }));
}

const levels = Object.keys({ absent: 0, added: 0, built: 0, installed: 0 } satisfies Record<Level, 0>);
const drifts = Object.keys({ corrective: 0, first_seen: 0, intentional: 0 } satisfies Record<Drift, 0>);
const reasons = Object.keys({
  "dependency-cycle": 0,
  "failed-before": 0,
  "invalid-conf": 0,
  "missing-dependency": 0,
  "no-binary": 0,
  "no-headers": 0,
  "no-kernel": 0,
  "no-source": 0,
  "no-toolchain": 0,
  unreadable: 0,
  untrusted: 0,
} satisfies Record<BlockReason, 0>);

function labelText(labels: Sample["labels"]): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
