import type { VerifyDocument } from "../contract/verify-schema.ts";
import type { DesiredState } from "../desired-state/desired-state.ts";
import type { Diagnostic } from "../desired-state/diagnostic.ts";
import type { KernelId } from "../dkms/id.ts";
import type { Readiness, ReadinessProblem } from "../plan/readiness.ts";
import type { RebootNeed } from "../plan/reboot-need.ts";
import { diagnosticDocument } from "./diagnostic-document.ts";
import { documentHead } from "./json.ts";
import { type HostFacts, hostDocument } from "./plan-document.ts";
import { layRows, type Row } from "./rows.ts";
import { type Terminal, wrap } from "./terminal.ts";
import { count, lines } from "./words.ts";

/** What verify has found. */
export interface Verification {
  /** `newest`, `running`, or a release. */
  readonly asked: string;
  /** `undefined`: none is installed, or nobody had to look. */
  readonly kernel: VerifiedKernel | undefined;
  /** `undefined`: there are none. */
  readonly desired: DesiredState | undefined;
  /** Of the kernel as a whole. */
  readonly problems: readonly ReadinessProblem[];
  readonly instances: readonly Readiness[];
  readonly reboot: RebootNeed;
  readonly diagnostics: readonly Diagnostic[];
}

export interface VerifiedKernel {
  readonly id: KernelId;
  readonly directory: string;
  readonly isRunning: boolean;
  readonly isInstalled: boolean;
}

/** Whether the kernel is installed, and everything that is wanted for it is there and would be loaded. */
export function isReady({ kernel, desired, problems, instances }: Verification): boolean {
  if (!desired) return true;
  return (
    kernel?.isInstalled === true && problems.length === 0 && instances.every(({ status }) => status !== "not-ready")
  );
}

/** Everything that was found, as other programs read it. */
export function verificationDocument(
  found: Verification,
  facts: { readonly toolVersion: string; readonly createdAt: Date; readonly host: HostFacts },
): VerifyDocument {
  const { asked, kernel, problems, instances, reboot, diagnostics } = found;
  const having = (status: Readiness["status"]) => instances.filter((one) => one.status === status).length;
  return {
    ...documentHead(facts.toolVersion),
    created_at: facts.createdAt.toISOString(),
    host: hostDocument(facts.host),
    asked,
    kernel: kernel ? { ...kernel.id, running: kernel.isRunning, installed: kernel.isInstalled } : null,
    ready: isReady(found),
    message: verdictOf(found),
    reboot_required: reboot.required,
    reboot_reasons: reboot.reasons,
    ready_count: having("ready"),
    not_ready_count: having("not-ready"),
    not_applicable_count: having("not-applicable"),
    problems: problems.map(problemDocument),
    instances: instances.map(instanceDocument),
    diagnostics: diagnostics.map(diagnosticDocument),
  };
}

function instanceDocument({
  address,
  wanted,
  status,
  loaded,
  problems,
}: Readiness): VerifyDocument["instances"][number] {
  return {
    address,
    wanted,
    status,
    loaded: loaded ?? null,
    problems: problems.map(problemDocument),
  };
}

function problemDocument({ reason, text, remedy, path }: ReadinessProblem) {
  return { reason, text, remedy: remedy ?? null, path: path ?? null };
}

/** One line for each instance, the verdict last; `quiet`: only what is not ready. */
export function verificationText(found: Verification, terminal: Terminal, quiet: boolean): string {
  const shown = found.instances.filter(({ status }) => !quiet || status === "not-ready");
  const rows = lines(layRows([...shown.map(rowOf), ...kernelRow(found)], terminal));
  const isTold = !quiet || (rows === "" && !isReady(found));
  const verdict = isTold ? lines(wrap(verdictOf(found), terminal.columns)) : "";
  return [rows, verdict].filter((section) => section !== "").join("\n");
}

function rowOf({ address, wanted, status, loaded, problems }: Readiness): Row {
  const remedies = [...new Set(problems.flatMap(({ remedy }) => remedy ?? []))];
  const common = { subject: address, details: remedies.map((text) => ({ first: "→ ", text })) };
  switch (status) {
    case "ready": {
      const notes = [...(wanted === "installed" ? [] : [`it is wanted as ${wanted}`]), ...loadedNote(loaded)];
      return { ...common, sign: "+", tone: "good", actions: "ready", text: notes.join("; ") };
    }
    case "not-ready":
      return { ...common, sign: "!", tone: "bad", actions: "not ready", text: problemsText(problems) };
    case "not-applicable":
      return {
        ...common,
        sign: "·",
        tone: "quiet",
        actions: "not applicable",
        text: problems.map(({ text }) => text).join("; "),
      };
  }
}

function kernelRow({ kernel, problems }: Verification): readonly Row[] {
  if (!kernel || problems.length === 0) return [];
  const { release, arch } = kernel.id;
  const text = problemsText(problems);
  return [{ sign: "!", tone: "bad", subject: `${release}/${arch}`, actions: "not ready", text, details: [] }];
}

function problemsText(problems: readonly ReadinessProblem[]): string {
  return problems.map(({ text, reason }) => `${text} [${reason}]`).join("; ");
}

function loadedNote(loaded: Readiness["loaded"]): readonly string[] {
  if (loaded === "other") return ["another build or version of it is loaded until the next boot"];
  return loaded === "unknown" ? ["it is loaded, and nobody can tell whether it is the installed one"] : [];
}

/** Whether the kernel is ready, in one sentence. */
function verdictOf(found: Verification): string {
  const { kernel, desired, problems, instances, asked } = found;
  if (!desired) return "There are no documents: nothing is wanted.";
  if (!kernel) return "No kernel is installed: the install tree has none with modules.";
  const { release } = kernel.id;
  if (!kernel.isInstalled) return `Kernel ${release} is not installed: ${kernel.directory} has no modules of a kernel.`;
  const which = asked === release ? "" : ` (${asked})`;
  const bad = instances.filter(({ status }) => status === "not-ready").length;
  const applicable = instances.filter(({ status }) => status !== "not-applicable").length;
  if (bad === 0 && problems.length > 0)
    return `${release}${which} is not ready: ${problems.map(({ text }) => text).join("; ")}.`;
  if (applicable === 0) return `${release}${which} is ready: nothing is wanted for it.`;
  if (bad === 0)
    return `${release}${which} is ready: ${count(applicable, "wanted instance")} ${applicable === 1 ? "is" : "are"} in order.`;
  return `${release}${which} is not ready: ${bad} of ${count(applicable, "wanted instance")} ${bad === 1 ? "is" : "are"} not in order.`;
}
