import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fabricateTree, type TreePaths } from "../test/rig/dkms-tree.ts";
import { findPart } from "../test/rig/parts.ts";
import { agent, type Bench } from "./bench.ts";
import { measure } from "./measure.ts";

const moduleCount = 6;
const kernels = ["6.1.0-55-amd64", "6.1.0-56-amd64", "6.1.0-56-rt-amd64", "6.12.117+deb12-amd64"];

/** `status` of 24 installed instances; both programs must print the same. */
export const status: Bench = {
  name: "status",
  question: `dkms status of ${moduleCount * kernels.length} installed instances, dkms-agent against dell/dkms`,
  run: (directory) => {
    const dkms = findPart("dkms");
    if (!dkms.found) throw new Error(`This bench needs the package ${dkms.needs}.`);
    const { dkmsTree, sourceTree, installTree } = fabricate(directory);
    const options = ["--dkmstree", dkmsTree, "--sourcetree", sourceTree, "--installtree", installTree];
    const [ours, theirs] = measure(
      [
        { name: "dkms-agent dkms status", command: [process.execPath, agent, "dkms", "status", ...options] },
        { name: "dell/dkms status", command: [...dkms.part.command, "status", ...options] },
      ],
      5,
    );
    if (!ours || !theirs) throw new Error("Two commands give two measurements.");
    if (ours.stdout !== theirs.stdout) {
      throw new Error(`The two programs disagree.\ndkms-agent:\n${ours.stdout}\ndell/dkms:\n${theirs.stdout}`);
    }
    return [ours, theirs];
  },
};

/** Every module is one network driver of a real kernel. */
function fabricate(directory: string): TreePaths {
  const image = findPart("linux-image");
  if (!image.found) throw new Error(`This bench needs the package ${image.needs}.`);
  const drivers = join(image.part.modules, "kernel/drivers/net");
  const objects = readdirSync(drivers).filter((name) => /\.ko(\.\w+)?$/.test(name));
  const modules = objects.slice(0, moduleCount).map((object) => ({
    name: object.replace(/\.ko(\.\w+)?$/, ""),
    version: "1.0",
    objects: [join(drivers, object)],
  }));
  return fabricateTree(directory, { modules, kernels, arch: "x86_64", destination: "updates/dkms" });
}
