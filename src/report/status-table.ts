import type { ModuleState } from "../actual-state/actual-state.ts";
import { splitAddress } from "./fold.ts";
import type { Status } from "./status.ts";
import { absentText, type Cell, legendOf, statusCell } from "./status-cell.ts";
import { paint, type Terminal } from "./terminal.ts";

/** Modules by kernels. */
export interface StatusTable {
  readonly columns: readonly Column[];
  readonly rows: readonly { readonly module: string; readonly cells: readonly Cell[] }[];
}

interface Column {
  readonly heading: string;
  /** Of its widest cell. */
  readonly width: number;
}

/** Every kernel that is there, wanted, or has something built for it; every module that is there or wanted. */
export function statusTable({ host, actual, plan, loaded }: Status): StatusTable {
  const known = actual.kernels.map(({ id }) => id);
  const orphaned = actual.modules.flatMap(({ instances }) => instances.map(({ kernel }) => kernel));
  const wanted = (plan ? [...plan.changes, ...plan.blocked, ...plan.notApplicable] : []).map(({ address }) => address);
  const kernels = unique([...known, ...orphaned, ...wanted.flatMap(kernelOf)]);
  const severalArches = new Set(kernels.map(({ arch }) => arch)).size > 1;
  const modules = new Map<string, ModuleState>(actual.modules.map((one) => [`${one.id.name}/${one.id.version}`, one]));
  const names = [...new Set([...modules.keys(), ...wanted.flatMap(moduleOf)])].sort();
  const rows = names.map((name) => ({
    module: name,
    cells: kernels.map((kernel) => {
      const address = `${name}@${kernel.release}/${kernel.arch}`;
      return statusCell({ module: modules.get(name), kernel, address, loaded }, plan);
    }),
  }));
  const columns = kernels.map(({ release, arch }, index) => ({
    heading: `${severalArches ? `${release}/${arch}` : release}${release === host.runningKernel ? " (running)" : ""}`,
    width: Math.max(0, ...rows.map(({ cells }) => cells[index]?.text.length ?? 0)),
  }));
  return { columns, rows };
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

/** Wider tables are hard to follow with the eye, also where nobody counts columns. */
const widestTable = 160;
const gap = 2;

/** The table in lines: its headings side by side where they fit, else one below the other; else in several tables. */
export function tableLines({ columns, rows }: StatusTable, terminal: Terminal): readonly string[] {
  if (columns.length === 0) return rows.map(({ module }) => module);
  const first = Math.max("module".length, ...rows.map(({ module }) => module.length));
  const room = Math.min(terminal.columns, widestTable) - first;
  const level = columns.map((column) => ({ ...column, width: Math.max(column.width, column.heading.length) }));
  const isStaggered = widthOf(level) > room && staggeredWidth(columns) <= room;
  const parts = isStaggered ? [{ from: 0, to: columns.length }] : chunks(level, room);
  return parts.flatMap(({ from, to }, index) => {
    const part = (isStaggered ? columns : level).slice(from, to);
    const heads = (isStaggered ? staggered : sideBySide)(part, first);
    const body = rows.map(({ module, cells }) => {
      const shown = cells.slice(from, to).map((cell, at) => cellText(cell, part[at]?.width ?? 0, terminal));
      return [module.padEnd(first), ...shown].join(" ".repeat(gap)).trimEnd();
    });
    return [...(index > 0 ? [""] : []), ...heads.map((line) => paint(terminal, "strong", line)), ...body];
  });
}

function widthOf(columns: readonly Column[]): number {
  return columns.reduce((sum, { width }) => sum + gap + width, 0);
}

/** Each heading begins at its column and goes as far to the right as it needs. */
function staggeredWidth(columns: readonly Column[]): number {
  return Math.max(...columns.map(({ heading }, at) => widthOf(columns.slice(0, at)) + gap + heading.length));
}

function sideBySide(columns: readonly Column[], first: number): readonly string[] {
  const heads = columns.map(({ heading, width }) => heading.padEnd(width));
  return [["module".padEnd(first), ...heads].join(" ".repeat(gap)).trimEnd()];
}

/** A line for each heading; below it a bar leads down to its column. */
function staggered(columns: readonly Column[], first: number): readonly string[] {
  return columns.map(({ heading }, at) => {
    const bars = columns.slice(0, at).map(({ width }) => "│".padEnd(width));
    const start = (at === columns.length - 1 ? "module" : "").padEnd(first);
    return [start, ...bars, heading].join(" ".repeat(gap));
  });
}

function chunks(columns: readonly Column[], room: number): readonly { readonly from: number; readonly to: number }[] {
  const found: { from: number; to: number }[] = [];
  let from = 0;
  let used = 0;
  columns.forEach(({ width }, index) => {
    if (index > from && used + gap + width > room) {
      found.push({ from, to: index });
      from = index;
      used = 0;
    }
    used += gap + width;
  });
  return [...found, { from, to: columns.length }];
}

function cellText({ text, tone }: Cell, width: number, terminal: Terminal): string {
  return paint(terminal, tone, text) + " ".repeat(width - text.length);
}

/** What the signs mean; only those that occur. */
export function tableLegend({ rows }: StatusTable): readonly string[] {
  const cells = rows.flatMap((row) => row.cells);
  const isAbsent = cells.some(({ level }) => level === absentText);
  const told = [...(isAbsent ? [[absentText, "not in the DKMS tree"] as const] : []), ...legendOf(cells)];
  return told.map(([sign, meaning]) => `  ${sign}  ${meaning}`);
}
