import { Document, isScalar, isSeq, stringify } from "yaml";
import { apiVersion, type ModuleShape } from "./schema.ts";

/** One entry of a document that is to be written. */
export interface WrittenEntry {
  readonly module: ModuleShape;
  /** Comments above it. */
  readonly remarks: readonly string[];
  /** The entry itself is a comment too. */
  readonly isComment: boolean;
}

export interface WrittenDocument {
  readonly text: string;
  /** The line, counted from 1, on which each entry begins. */
  readonly lines: readonly number[];
}

/** A document of these entries, with comments before the first key. Reading it gives the same entries back. */
export function writeDesired(entries: readonly WrittenEntry[], remarks: readonly string[]): WrittenDocument {
  const isEmpty = entries.every(({ isComment }) => isComment);
  let text = comments(remarks, "") + stringify({ apiVersion, unlisted: "report" });
  text += isEmpty ? "modules: []\n" : "modules:\n";
  const lines: number[] = [];
  for (const { module, remarks: above, isComment } of entries) {
    text += comments(above, "  ");
    lines.push(text.split("\n").length);
    text += indent(toYaml(module), isComment ? "  # " : "  ");
  }
  return { text, lines };
}

/** A comment ends with its line, whatever stands in it. */
function comments(remarks: readonly string[], margin: string): string {
  return remarks.map((remark) => `${margin}# ${remark.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")}\n`).join("");
}

const mostOnOneLine = 3;

/** Versions and values of directives are quoted: other readers of YAML would see numbers and truth values in them. */
function toYaml(module: ModuleShape): string {
  const { protect } = module;
  const document = new Document([protect === undefined ? module : { ...module, protect: protect === "true" }]);
  const kernels = document.getIn([0, "kernels"]);
  if (isSeq(kernels)) kernels.flow = kernels.items.length <= mostOnOneLine;
  for (const path of [["version"], ...Object.keys(module.directives ?? {}).map((name) => ["directives", name])]) {
    const value = document.getIn([0, ...path], true);
    if (isScalar(value)) value.type = "QUOTE_DOUBLE";
  }
  return document.toString({ lineWidth: 0, blockQuote: false, flowCollectionPadding: false });
}

function indent(text: string, margin: string): string {
  return text.replace(/^(?=.)/gm, margin);
}
