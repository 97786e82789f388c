import type { ModuleState } from "../actual-state/actual-state.ts";
import { splitAddress } from "./fold.ts";
import { planRows } from "./plan-rows.ts";
import { summaryText, unlistedText } from "./plan-text.ts";
import { layRows } from "./rows.ts";
import type { Status } from "./status.ts";
import { absentText, type Cell, markMeanings, statusCell } from "./status-cell.ts";
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
  const table = tableOf(status);
  const problems = problemLines(status, terminal);
  const sections = [
    options.quiet ? "" : lines(tableLines(table, terminal, options)),
    options.quiet ? "" : lines(legend(table)),
    options.verbose ? lines(kernelLines(status)) : "",
    lines(problems),
    blockedText(status, terminal),
    options.quiet ? "" : closing(status, terminal),
  ];
  return sections.filter((section) => section !== "").join("\n");
}

interface Table {
  readonly kernels: readonly { readonly release: string; readonly arch: string; readonly heading: string }[];
  readonly rows: readonly { readonly module: string; readonly cells: readonly Cell[] }[];
}

function tableOf({ host, actual, plan }: Status): Table {
  const known = actual.kernels.map(({ id }) => id);
  const orphaned = actual.modules.flatMap(({ instances }) => instances.map(({ kernel }) => kernel));
  const wanted = (plan ? [...plan.changes, ...plan.blocked, ...plan.notApplicable] : []).map(({ address }) => address);
  const ids = unique([...known, ...orphaned, ...wanted.flatMap(kernelOf)]);
  const severalArches = new Set(ids.map(({ arch }) => arch)).size > 1;
  const kernels = ids.map(({ release, arch }) => ({
    release,
    arch,
    heading: `${severalArches ? `${release}/${arch}` : release}${release === host.runningKernel ? " (running)" : ""}`,
  }));
  const modules = new Map<string, ModuleState>(actual.modules.map((one) => [`${one.id.name}/${one.id.version}`, one]));
  const names = [...new Set([...modules.keys(), ...wanted.flatMap(moduleOf)])].sort();
  const rows = names.map((name) => ({
    module: name,
    cells: kernels.map((kernel) => {
      const address = `${name}@${kernel.release}/${kernel.arch}`;
      return statusCell({ module: modules.get(name), kernel, address }, plan);
    }),
  }));
  return { kernels, rows };
}

function unique<K extends { readonly release: string; readonly arch: string }>(kernels: readonly K[]): readonly K[] {
  return [...new Map(kernels.map((kernel) => [`${kernel.release}/${kernel.arch}`, kernel])).values()];
}

/** The address of an instance names both, that of a module no kernel, that of a kernel no module. */
function kernelOf(address: string): readonly { readonly release: string; readonly arch: string }[] {
  const { kernel } = splitAddress(address);
  const slash = kernel.indexOf("/");
  return slash < 0 ? [] : [{ release: kernel.slice(0, slash), arch: kernel.slice(slash + 1) }];
}

function moduleOf(address: string): readonly string[] {
  const { module, kernel } = splitAddress(address);
  return kernel === "" ? [] : [module];
}

/** As many kernels side by side as fit, the others in tables below. */
function tableLines({ kernels, rows }: Table, terminal: Terminal, { dkmsTree }: StatusTextOptions): readonly string[] {
  if (rows.length === 0) return [`No modules in ${dkmsTree}.`];
  const first = Math.max("module".length, ...rows.map(({ module }) => module.length));
  const widths = kernels.map(({ heading }) => Math.max(heading.length, "installed !".length));
  if (kernels.length === 0) return rows.map(({ module }) => module);
  return chunks(widths, Math.min(terminal.columns, widestTable) - first).flatMap(({ from, to }, index) => {
    const head = kernels.slice(from, to).map(({ heading }, at) => heading.padEnd(widths[from + at] ?? 0));
    const body = rows.map(({ module, cells }) => {
      const shown = cells.slice(from, to).map((cell, at) => cellText(cell, widths[from + at] ?? 0, terminal));
      return [module.padEnd(first), ...shown].join("  ").trimEnd();
    });
    const heading = paint(terminal, "strong", ["module".padEnd(first), ...head].join("  ").trimEnd());
    return [...(index > 0 ? [""] : []), heading, ...body];
  });
}

/** Wider tables are hard to follow with the eye, also where nobody counts columns. */
const widestTable = 160;

function chunks(widths: readonly number[], room: number): readonly { readonly from: number; readonly to: number }[] {
  const found: { from: number; to: number }[] = [];
  let from = 0;
  let used = 0;
  widths.forEach((width, index) => {
    if (index > from && used + 2 + width > room) {
      found.push({ from, to: index });
      from = index;
      used = 0;
    }
    used += 2 + width;
  });
  return [...found, { from, to: widths.length }];
}

function cellText({ text, mark, tone }: Cell, width: number, terminal: Terminal): string {
  const whole = mark === "" ? text : `${text} ${mark}`;
  return paint(terminal, tone, whole) + " ".repeat(width - whole.length);
}

/** Only the signs that occur. */
function legend({ rows }: Table): readonly string[] {
  const cells = rows.flatMap((row) => row.cells);
  const marks = markMeanings.filter(([mark]) => cells.some((cell) => cell.mark === mark));
  const absent = cells.some(({ text }) => text === absentText) ? [[absentText, "not in the DKMS tree"] as const] : [];
  return [...absent, ...marks].map(([sign, meaning]) => `  ${sign}  ${meaning}`);
}

function kernelLines({ actual }: Status): readonly string[] {
  const width = Math.max(0, ...actual.kernels.map(({ id }) => id.release.length));
  return actual.kernels.map(({ id, headers }) => {
    const told = headers ? `headers in ${headers.directory}` : "no headers: nothing can be built for it";
    return `${id.release.padEnd(width)}  ${id.arch}  ${told}`;
  });
}

function problemLines({ actual, advice }: Status, terminal: Terminal): readonly string[] {
  const ofModules = actual.modules.flatMap(({ id, link, leftovers, instances }) => {
    const name = `${id.name}/${id.version}`;
    const broken = link === "linked" ? [] : [`${name}: its source link is ${link}`];
    const left = leftovers.map((path) => `${name}: a run that was killed left ${path} behind`);
    const own = instances.flatMap(({ kernel, problems }) =>
      problems.map(({ message }) => `${name}@${kernel.release}/${kernel.arch}: ${message}`),
    );
    return [...broken, ...left, ...own];
  });
  const strays = actual.strays.flatMap(({ name, paths }) =>
    paths.map((path) => `${name}: a run that was killed left ${path} behind`),
  );
  const findings = actual.findings.map(({ message, code }) => `${sentence(message)} [${code}]`);
  const owed = actual.depmodOwed.map(
    ({ release }) => `${release}: depmod is owed since a run was killed; apply runs it`,
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

function closing({ plan, desired }: Status, terminal: Terminal): string {
  if (!plan) return "There are no documents to compare this with.\n";
  const unlisted = desired?.unlisted === "report" ? unlistedText(plan, terminal) : "";
  return unlisted + lines(wrap(summaryText(plan.summary, terminal), terminal.columns));
}
