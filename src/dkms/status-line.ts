/** One line of `dkms status`, as a value. */
export type StatusEntry =
  | { readonly level: "added" | "broken"; readonly name: string; readonly version: string }
  | {
      readonly level: "built" | "installed";
      readonly name: string;
      readonly version: string;
      readonly release: string;
      readonly arch: string;
      readonly remarks: readonly StatusRemark[];
    };

export type StatusRemark = "originals" | "missing" | "differs";

/** One line, without newline, to the letter as dell/dkms 3.2.2 prints it. */
export function statusLine(entry: StatusEntry): string {
  const module = `${entry.name}/${entry.version}`;
  if (!("release" in entry)) return `${module}: ${entry.level}`;
  const remarks = entry.remarks.map((remark) => ` (${remarkTexts[remark]})`).join("");
  return `${module}, ${entry.release}, ${entry.arch}: ${entry.level}${remarks}`;
}

const remarkTexts: Readonly<Record<StatusRemark, string>> = {
  originals: "Original modules exist",
  missing: "Built modules are missing in the kernel modules folder",
  differs: "Differences between built and installed modules",
};
