import { cpSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { machine } from "../test/rig/machine.ts";
import { agent, type Bench } from "./bench.ts";
import { measure } from "./measure.ts";
import { need } from "./need.ts";

/** Build and installation of one real module, against dell/dkms and against what must be done at the very least. */
export const buildInstall: Bench = {
  name: "build-install",
  question: "dkms install of v4l2loopback, against dell/dkms and against a bare make and one depmod",
  run: () => {
    const image = need("linux-image");
    const module = need("module-sources").modules.find(({ name }) => name === "v4l2loopback");
    if (!module) throw new Error("This bench needs the package v4l2loopback-dkms.");
    const own = machine({
      layers: { "/usr/src": ["/usr/src"], "/lib/modules": [dirname(image.modules), "/lib/modules"] },
    });
    try {
      const source = `${module.name}-${module.version}`;
      cpSync(module.directory, own.at("/usr/src", source), { recursive: true });
      const words = ["install", `${module.name}/${module.version}`, "-k", image.release];
      // The first installation in a tree makes the key, and the first depmod reads all modules from the disk.
      own.run([...need("dkms").command, ...words]);
      const before = () => {
        own.run([...need("dkms").command, "remove", `${module.name}/${module.version}`, "--all"]);
        rmSync(own.at("/var/lib/dkms", "bare"), { recursive: true, force: true });
      };
      const [ours, theirs, least] = measure(
        [
          {
            name: "dkms-agent dkms install",
            before,
            command: own.command([process.execPath, agent, "dkms", ...words]),
          },
          { name: "dell/dkms install", before, command: own.command([...need("dkms").command, ...words]) },
          { name: "make and depmod", before, command: own.command(["sh", "-c", leastWork(source, image.release)]) },
        ],
        5,
      );
      if (!ours || !theirs || !least) throw new Error("Three commands give three measurements.");
      return {
        comparisons: [
          { ours, theirs },
          { ours, theirs: least, target: 1.15 },
        ],
      };
    } finally {
      own.remove();
    }
  },
};

/** The module's own make command on a copy of its source, and the object where depmod finds it. */
function leastWork(source: string, release: string): string {
  const build = "/var/lib/dkms/bare";
  const installed = `/lib/modules/${release}/updates/dkms`;
  return [
    `cp -r /usr/src/${source} ${build} && cd ${build}`,
    `make -j${availableParallelism()} KERNELRELEASE=${release} KERNEL_DIR=/lib/modules/${release}/build all`,
    `mkdir -p ${installed} && cp v4l2loopback.ko ${installed}/`,
    `depmod -a ${release}`,
    `rm ${join(installed, "v4l2loopback.ko")}`,
  ].join(" && ");
}
