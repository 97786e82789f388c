import path from "node:path";
import type { Framework } from "./framework.ts";

/** Places of the trees, as far as somebody names them. */
export interface NamedTrees {
  readonly dkmsTree?: string;
  readonly sourceTree?: string;
  readonly installTree?: string;
}

export interface TreeSources {
  readonly root: string;
  /** Of the command line: beats everything, and is taken as it stands. */
  readonly given: NamedTrees;
  /** Of the agent's settings: below the root. */
  readonly settings: NamedTrees;
  /** Below the root; with the defaults. */
  readonly framework: Pick<Framework, keyof NamedTrees>;
}

/** The trees to make the host with: command line, else the agent's settings, else framework.conf, else the default. */
export function chooseTrees({ root, given, settings, framework }: TreeSources): Required<NamedTrees> {
  const choose = (name: keyof NamedTrees) => given[name] ?? path.join(root, settings[name] ?? framework[name]);
  return { dkmsTree: choose("dkmsTree"), sourceTree: choose("sourceTree"), installTree: choose("installTree") };
}
