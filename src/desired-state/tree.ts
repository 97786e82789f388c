import type { Span } from "./source-text.ts";

/** A document as data that remembers where each thing stands. All scalars are text. */
export type Tree = TextNode | ListNode | MappingNode;

export interface TextNode {
  readonly kind: "text";
  readonly span: Span;
  readonly text: string;
}

export interface ListNode {
  readonly kind: "list";
  readonly span: Span;
  readonly items: readonly Tree[];
}

export interface MappingNode {
  readonly kind: "mapping";
  readonly span: Span;
  readonly entries: ReadonlyMap<string, Entry>;
}

export interface Entry {
  readonly key: Span;
  readonly value: Tree;
}

/** The same as plain values. Mappings have no prototype, so that no key of a document can mean more than it says. */
export function toPlain(tree: Tree): unknown {
  if (tree.kind === "text") return tree.text;
  if (tree.kind === "list") return tree.items.map(toPlain);
  const plain: Record<string, unknown> = Object.create(null);
  for (const [key, { value }] of tree.entries) plain[key] = toPlain(value);
  return plain;
}

/** What a path of keys and indexes leads to, and the key in front of it; `undefined` if nothing is there. */
export function entryAt(root: Tree, path: readonly PropertyKey[]): Partial<Entry> | undefined {
  let found: Partial<Entry> | undefined = { value: root };
  for (const step of path) {
    const tree: Tree | undefined = found?.value;
    if (tree?.kind === "mapping") found = tree.entries.get(String(step));
    else if (tree?.kind === "list") found = itemAt(tree, step);
    else return undefined;
  }
  return found;
}

function itemAt(list: ListNode, step: PropertyKey): Partial<Entry> | undefined {
  const value = typeof step === "number" ? list.items[step] : undefined;
  return value && { value };
}
