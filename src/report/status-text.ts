import { driftRemark, planRows } from "./plan-rows.ts";
import { summaryText, unlistedText } from "./plan-text.ts";
import { layRows } from "./rows.ts";
import type { Status } from "./status.ts";
import { statusTable, tableLegend, tableLines } from "./status-table.ts";
import { hang, paint, printable, type Terminal, wrap } from "./terminal.ts";
import { lines, sentence } from "./words.ts";

export interface StatusTextOptions {
  /** Only what needs attention. */
  readonly quiet: boolean;
  /** With the kernels, their headers and the files of each instance. */
  readonly verbose: boolean;
  readonly dkmsTree: string;
}

/** Modules by kernels in a table that fits the terminal; below it the marks, the problems, what is not as wanted. */
export function statusText(status: Status, terminal: Terminal, options: StatusTextOptions): string {
  const table = statusTable(status);
  const problems = problemLines(status, terminal);
  const sections = [
    options.quiet
      ? ""
      : lines(table.rows.length === 0 ? [`No modules in ${options.dkmsTree}.`] : tableLines(table, terminal)),
    options.quiet ? "" : lines(tableLegend(table)),
    options.verbose ? lines(kernelLines(status)) : "",
    lines(problems),
    blockedText(status, terminal),
    options.quiet ? "" : closing(status, terminal),
  ];
  return sections.filter((section) => section !== "").join("\n");
}

function kernelLines({ actual }: Status): readonly string[] {
  const width = Math.max(0, ...actual.kernels.map(({ id }) => id.release.length));
  return actual.kernels.map(({ id, headers }) => {
    const told = headers ? `headers in ${headers.directory}` : "no headers: nothing can be built for it";
    return `${id.release.padEnd(width)}  ${id.arch}  ${told}`;
  });
}

function problemLines({ actual, plan, advice }: Status, terminal: Terminal): readonly string[] {
  const ofModules = actual.modules.flatMap(({ id, link, leftovers, instances }) => {
    const name = `${id.name}/${id.version}`;
    const broken = link === "linked" ? [] : [`${name}: its source link is ${link}`];
    const left = leftovers.map((path) => `${name}: a run that was killed left ${path} behind`);
    const own = instances.flatMap(({ kernel, problems }) => {
      const place = `${name}@${kernel.release}/${kernel.arch}`;
      const change = plan?.changes.find(({ address }) => address === place);
      return problems.map(({ message }) => `${place}: ${message}${change ? driftRemark(change) : ""}`);
    });
    return [...broken, ...left, ...own];
  });
  const strays = actual.strays.flatMap(({ name, paths }) =>
    paths.map((path) => `${name}: a run that was killed left ${path} behind`),
  );
  const findings = actual.findings.map(({ message, code }) => `${sentence(message)} [${code}]`);
  const owed = actual.depmodOwed.map(
    ({ release }) => `${release}: depmod is owed: it has not seen all that an earlier run changed; apply runs it`,
  );
  const mark = paint(terminal, "bad", "*");
  return [...ofModules, ...strays, ...findings, ...owed, ...advice].flatMap((text) => {
    const [line = "", ...rest] = hang("    ", printable(text), terminal.columns);
    return [`  ${mark} ${line.trimStart()}`, ...rest];
  });
}

function blockedText({ plan }: Status, terminal: Terminal): string {
  const rows = planRows({ changes: [], blocked: plan?.blocked ?? [], notApplicable: [] }, false);
  return lines(layRows(rows, terminal));
}

function closing({ plan, desired, diagnostics }: Status, terminal: Terminal): string {
  if (!plan && diagnostics.length > 0)
    return "The documents have to be mended before this can be compared with them.\n";
  if (!plan) return "There are no documents to compare this with.\n";
  const unlisted = desired?.unlisted === "report" ? unlistedText(plan, terminal) : "";
  return unlisted + lines(wrap(summaryText(plan.summary, terminal), terminal.columns));
}
