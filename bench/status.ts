import { lstatSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { objectName } from "../src/dkms/object-name.ts";
import { fabricateTree, type TreePaths } from "../test/rig/dkms-tree.ts";
import { findPart } from "../test/rig/parts.ts";
import { agent, type Bench, type Comparison } from "./bench.ts";
import { type Contestant, measure } from "./measure.ts";

const moduleCount = 24;
const kernels = Array.from({ length: 7 }, (_, index) => `6.1.0-${50 + index}-amd64`);

/** `status` of installed instances, of one kernel and of seven; both programs must print the same. */
export const status: Bench = {
  name: "status",
  question: "dkms status of installed instances, dkms-agent against dell/dkms",
  run: (directory) => {
    const few = prepare(join(directory, "few"), kernels.slice(0, 1));
    const many = prepare(join(directory, "many"), kernels);
    const comparisons = [compare(few, { rounds: 5, target: 1 / 20 }), compare(many, { rounds: 2, target: 1 / 100 })];
    return { comparisons, notes: [growth(few, many)] };
  },
};

interface Rivals {
  readonly ours: Contestant;
  readonly theirs: Contestant;
  /** What no program in Node can save: it starts, and reads what has to be compared. */
  readonly least: Contestant;
  readonly instances: number;
}

function prepare(directory: string, releases: readonly string[]): Rivals {
  const dkms = findPart("dkms");
  if (!dkms.found) throw new Error(`This bench needs the package ${dkms.needs}.`);
  mkdirSync(directory);
  const { dkmsTree, sourceTree, installTree } = fabricate(directory, releases);
  const words = ["status", "--dkmstree", dkmsTree, "--sourcetree", sourceTree, "--installtree", installTree];
  const instances = moduleCount * releases.length;
  return {
    ours: { name: `dkms-agent dkms status, ${instances}`, command: [process.execPath, agent, "dkms", ...words] },
    theirs: { name: `dell/dkms status, ${instances}`, command: [...dkms.part.command, ...words] },
    least: reader(directory, [dkmsTree, installTree]),
    instances,
  };
}

function compare(rivals: Rivals, { rounds, target }: { readonly rounds: number; readonly target: number }): Comparison {
  const [ours, theirs, least] = measure([rivals.ours, rivals.theirs, rivals.least], rounds);
  if (!ours || !theirs || !least) throw new Error("Three commands give three measurements.");
  if (ours.stdout !== theirs.stdout)
    throw new Error(`The two programs disagree.\ndkms-agent:\n${ours.stdout}\ndell/dkms:\n${theirs.stdout}`);
  return { ours, theirs, target, least };
}

function reader(directory: string, trees: readonly string[]): Contestant {
  const objects = trees.flatMap((tree) =>
    readdirSync(tree, { recursive: true, encoding: "utf8" })
      .filter((name) => objectName(name) !== undefined)
      .map((name) => join(tree, name))
      .filter((file) => lstatSync(file).isFile()),
  );
  const list = join(directory, "objects");
  writeFileSync(list, objects.join("\n"));
  const script = "for (const file of fs.readFileSync(process.argv[1], 'utf8').split('\\n')) fs.readFileSync(file)";
  return { name: "node that reads the objects alone", command: [process.execPath, "-e", script, list] };
}

/** By the fastest rounds, since a difference of two times is small beside what else the machine does. */
function growth(few: Rivals, many: Rivals): string {
  const [less, more] = measure([few.ours, many.ours], 21);
  if (!less || !more) throw new Error("Two commands give two measurements.");
  const ms = (more.fastestMs - less.fastestMs) / (many.instances - few.instances);
  return `Each further instance takes dkms-agent ${ms.toFixed(2)} ms; target: below 0.50 ms${ms < 0.5 ? "" : " (MISSED)"}`;
}

/** Every module is one network driver of a real kernel. */
function fabricate(directory: string, releases: readonly string[]): TreePaths {
  const image = findPart("linux-image");
  if (!image.found) throw new Error(`This bench needs the package ${image.needs}.`);
  const drivers = join(image.part.modules, "kernel/drivers/net");
  const objects = readdirSync(drivers, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.ko(\.\w+)?$/.test(name),
  );
  const modules = objects.slice(0, moduleCount).map((object) => ({
    name: (object.split("/").at(-1) ?? object).replace(/\.ko(\.\w+)?$/, ""),
    version: "1.0",
    objects: [join(drivers, object)],
  }));
  return fabricateTree(directory, { modules, kernels: releases, arch: "x86_64", destination: "updates/dkms" });
}
