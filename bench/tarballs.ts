import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { objectName } from "../src/dkms/object-name.ts";
import { findPart } from "../test/rig/parts.ts";
import { dkmsTree, type TreeBuilder } from "../test/rig/tree-builder.ts";
import { filesBelow } from "../test/rig/tree-listing.ts";
import { agent, type Bench, type Comparison } from "./bench.ts";
import { type Contestant, measure } from "./measure.ts";

const megabytes = 200;
const packings = [".tar.gz", ".tar.zst"] as const;
const target = 1.3;
const memoryTarget = 150;

/** Making and loading a large archive, against tar with the same compression; and the memory that it takes. */
export const tarballs: Bench = {
  name: "tarballs",
  question: `mktarball and ldtarball of ${megabytes} MB, against bare tar with the same compression`,
  run: (directory) => {
    const tree = dkmsTree(join(directory, "made"));
    fill(tree);
    const memory = memoryMeter(directory);
    const made = packings.map((ending) => compareMaking(tree, ending, memory));
    const loaded = packings.map((ending) => compareLoading(tree, ending, memory));
    const peak = Math.max(...made.map(({ peak }) => peak), ...loaded.map(({ peak }) => peak));
    const missed = peak < memoryTarget ? "" : " (MISSED)";
    const note = `Peak memory of dkms-agent: ${peak.toFixed(0)} MB; target: below ${memoryTarget} MB${missed}`;
    return { comparisons: [...made, ...loaded].map(({ comparison }) => comparison), notes: [note] };
  },
};

interface Race {
  readonly comparison: Comparison;
  /** Of our program, in MB. */
  readonly peak: number;
}

/** A module whose source is made of the objects of a real kernel, and one of them built. */
function fill(tree: TreeBuilder): void {
  const image = findPart("linux-image");
  if (!image.found) throw new Error(`This bench needs the package ${image.needs}.`);
  const { modules, release } = image.part;
  const objects = filesBelow(join(modules, "kernel")).filter((file) => objectName(file) !== undefined);
  const [first = ""] = objects;
  const [name, file] = [objectName(basename(first)) ?? "", basename(first)];
  const object = readFileSync(join(modules, "kernel", first));
  tree.kernel(release);
  tree.module("large/1.0", { objects: [name] }).built(release, { objects: { [file]: object } });
  const blobs = tree.at("usr/src/large-1.0/blobs");
  mkdirSync(blobs);
  let left = megabytes * 1e6;
  for (const one of objects) {
    if (left <= 0) break;
    const from = join(modules, "kernel", one);
    copyFileSync(from, join(blobs, basename(one)));
    left -= statSync(from).size;
  }
}

interface MemoryMeter {
  /** Options of node that write down the most memory that the process had. */
  readonly options: readonly string[];
  /** In MB, what was written down last. */
  readonly read: () => number;
}

function memoryMeter(directory: string): MemoryMeter {
  const [script, result] = [join(directory, "meter.cjs"), join(directory, "peak")];
  const write = `require("node:fs").writeFileSync(${JSON.stringify(result)}, String(process.resourceUsage().maxRSS))`;
  writeFileSync(script, `process.on("exit", () => ${write});\n`);
  return { options: ["--require", script], read: () => Number(readFileSync(result, "utf8")) / 1024 };
}

function compareMaking(tree: TreeBuilder, ending: string, memory: MemoryMeter): Race {
  const [archive, bare] = [tree.at(`large${ending}`), tree.at(`bare${ending}`)];
  const words = ["mktarball", "large/1.0", "--all", "--archive", archive];
  const packed = ["usr/src/large-1.0", "var/lib/dkms/large/1.0"];
  return race({
    memory,
    ours: {
      name: `mktarball, ${ending}`,
      command: [process.execPath, ...memory.options, agent, "dkms", ...words, ...tree.dkmsOptions()],
      before: () => rmSync(archive, { force: true }),
    },
    theirs: {
      name: `tar -c, ${ending}`,
      command: ["tar", "-caf", bare, "-C", tree.root, ...packed],
      before: () => rmSync(bare, { force: true }),
    },
  });
}

/** Into trees where nothing is but the kernel. */
function compareLoading(tree: TreeBuilder, ending: string, memory: MemoryMeter): Race {
  const archive = tree.at(`large${ending}`);
  const fresh = dkmsTree(tree.at("loaded"));
  const bare = tree.at("unpacked");
  return race({
    memory,
    ours: {
      name: `ldtarball, ${ending}`,
      command: [process.execPath, ...memory.options, agent, "dkms", "ldtarball", archive, ...fresh.dkmsOptions()],
      before: () => {
        for (const place of ["usr/src", "var/lib/dkms"]) rmSync(fresh.at(place), { recursive: true, force: true });
        for (const place of ["usr/src", "var/lib/dkms"]) mkdirSync(fresh.at(place), { recursive: true });
      },
    },
    theirs: {
      name: `tar -x, ${ending}`,
      command: ["tar", "-xf", archive, "-C", bare],
      before: () => {
        rmSync(bare, { recursive: true, force: true });
        mkdirSync(bare);
      },
    },
  });
}

interface Racers {
  readonly ours: Contestant;
  readonly theirs: Contestant;
  readonly memory: MemoryMeter;
}

function race({ ours, theirs, memory }: Racers): Race {
  const [own, other] = measure([ours, theirs], 3);
  if (!own || !other) throw new Error("Two commands give two measurements.");
  return { comparison: { ours: own, theirs: other, target }, peak: memory.read() };
}
