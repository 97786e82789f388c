import fs from "node:fs";
import { memoryDirectory } from "./memory-directory.ts";
import { dkmsTree, type TreeBuilder } from "./tree-builder.ts";

/** Works on a copy of a tree, which is gone after. Links below another root are relative, so that a copy is as good. */
export async function onCopy<T>(origin: TreeBuilder, work: (tree: TreeBuilder) => Promise<T>): Promise<T> {
  const tree = dkmsTree(memoryDirectory("dkms-tree-"));
  try {
    fs.cpSync(origin.root, tree.root, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
    return await work(tree);
  } finally {
    tree.remove();
  }
}
