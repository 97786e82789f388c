import fs from "node:fs";
import path from "node:path";
import { fakeObject } from "./fake-object.ts";
import type { Dkms } from "./parts.ts";
import { type ProgramOptions, type ProgramResult, runProgram } from "./run-program.ts";
import { dkmsTree, type TreeBuilder } from "./tree-builder.ts";

/**
 * Two machines with the same trees, one for dkms-agent and one for dell/dkms: two kernels with headers, the sources of
 * demo and other in two versions each, nothing added. Their make only copies objects: no compiler, no time. There is no
 * modules.dep, so that no depmod runs: dell/dkms would run it on the host's own kernels.
 */
export interface TwinWorld {
  /** Does the same to both. */
  readonly each: (change: (tree: TreeBuilder) => void) => void;
  /** Puts both programs where every user can read them, and lets every user see the trees. */
  readonly openToAll: () => void;
  /** Runs a command line in both; `ROOT` in a word stands for the machine's own root. */
  readonly run: (words: readonly string[], options?: ProgramOptions) => Promise<Twins>;
  readonly remove: () => void;
}

export interface Twins {
  readonly ours: ProgramResult;
  readonly theirs: ProgramResult;
}

export const releases = ["6.1.0-1", "6.1.0-2"] as const;

const cli = path.join(import.meta.dirname, "../../dist/cli.cjs");

export function twinWorld(dkms: Dkms): TwinWorld {
  const machines = { ours: machine(), theirs: machine() };
  const command: Record<keyof typeof machines, readonly string[]> = {
    ours: [process.execPath, cli, "dkms"],
    theirs: dkms.command,
  };
  const runOne = (which: keyof typeof machines, words: readonly string[], options?: ProgramOptions) => {
    const [file = "", ...first] = command[which];
    const { root, dkmsOptions } = machines[which];
    return runProgram(file, [...first, ...dkmsOptions(), ...words.map((word) => word.replaceAll("ROOT", root))], {
      cwd: root,
      ...options,
    });
  };
  return {
    openToAll: () => {
      const { ours, theirs } = machines;
      fs.cpSync(path.dirname(cli), ours.at("program"), { recursive: true });
      fs.copyFileSync(dkms.script, theirs.at("dkms"));
      for (const tree of [ours, theirs]) fs.chmodSync(tree.root, 0o755);
      command.ours = [process.execPath, ours.at("program/cli.cjs"), "dkms"];
      command.theirs = ["bash", theirs.at("dkms")];
    },
    each: (change) => Object.values(machines).forEach(change),
    run: async (words, options) => {
      const [ours, theirs] = await Promise.all([runOne("ours", words, options), runOne("theirs", words, options)]);
      return { ours, theirs };
    },
    remove: () => {
      for (const tree of Object.values(machines)) tree.remove();
    },
  };
}

/** Does the work in two new machines, which are gone after it. */
export async function inTwins(dkms: Dkms, work: (world: TwinWorld) => Promise<void>): Promise<void> {
  const world = twinWorld(dkms);
  try {
    await work(world);
  } finally {
    world.remove();
  }
}

function machine(): TreeBuilder {
  const tree = dkmsTree();
  for (const release of releases) addKernel(tree, release);
  for (const name of ["demo", "other"]) for (const version of ["1.0", "2.0"]) addSource(tree, { name, version });
  return tree;
}

/** dell/dkms knows no root: the link to the headers says where they really are. */
export function addKernel(tree: TreeBuilder, release: string): void {
  tree.kernel(release, { headers: false });
  fs.rmSync(tree.at("lib/modules", release, "modules.dep"));
  tree.write(`usr/headers-${release}/include/config/auto.conf`, "CONFIG_MODULES=y\n");
  tree.link(tree.at(`usr/headers-${release}`), `lib/modules/${release}/build`);
}

interface Source {
  readonly name: string;
  readonly version: string;
  /** Below the root; default: the source tree. */
  readonly directory?: string;
}

/** Writes the source of a module of one object, for the kernels of a {@link twinWorld}. */
export function addSource(
  tree: TreeBuilder,
  { name, version, directory = `usr/src/${name}-${version}` }: Source,
): void {
  for (const release of releases)
    tree.write(`${directory}/made/${release}/${name}.ko`, fakeObject({ name, release, version, filling: version }));
  const lines = [
    `PACKAGE_NAME=${name}`,
    `PACKAGE_VERSION=${version}`,
    'MAKE[0]="cp made/$kernelver/*.ko ."',
    `BUILT_MODULE_NAME[0]=${name}`,
    "DEST_MODULE_LOCATION[0]=/updates",
    "STRIP[0]=no",
    "AUTOINSTALL=yes",
  ];
  tree.write(`${directory}/dkms.conf`, `${lines.join("\n")}\n`);
}
