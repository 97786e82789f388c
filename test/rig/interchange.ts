import { fakeObject } from "./fake-object.ts";
import { type Machine, machine } from "./machine.ts";
import { dkmsTree, type TreeBuilder } from "./tree-builder.ts";

export const releases = ["6.1.0-90-amd64", "6.1.0-91-amd64", "6.12.0-1-amd64"] as const;
export const modules = ["alpha/1.0", "beta/1.0", "beta/2.0", "gamma/1.0", "delta/1.0"] as const;

/** A machine with these kernels and the sources of these modules; nothing is added yet, and make compiles nothing. */
export function smallMachine(): Machine {
  const own = machine();
  const tree = dkmsTree(own.root);
  for (const release of releases) {
    tree.kernel(release);
    for (const file of ["modules.order", "modules.builtin"]) tree.write(`lib/modules/${release}/${file}`, "");
  }
  // beta comes with these kernels too, so that installing it puts something aside.
  for (const release of releases.slice(0, 2)) {
    const original = fakeObject({ name: "beta", release, version: "0.9", srcversion: "ORIGINAL" });
    tree.write(`lib/modules/${release}/kernel/misc/beta.ko`, original);
  }
  writeModule(tree, { name: "alpha", version: "1.0", objects: ["alpha_a", "alpha_b"], conf: "" });
  for (const version of ["1.0", "2.0"])
    writeModule(tree, { name: "beta", version, objects: ["beta"], conf: "AUTOINSTALL=yes\n" });
  const depends = "AUTOINSTALL=yes\nBUILD_DEPENDS=alpha\n";
  writeModule(tree, { name: "gamma", version: "1.0", objects: ["gamma"], conf: depends });
  const exclusive = "AUTOINSTALL=yes\nBUILD_EXCLUSIVE_KERNEL='^6\\.1\\.'\n";
  writeModule(tree, { name: "delta", version: "1.0", objects: ["delta"], conf: exclusive });
  return own;
}

interface SmallModule {
  readonly name: string;
  readonly version: string;
  readonly objects: readonly string[];
  /** Lines of dkms.conf after the usual ones. */
  readonly conf: string;
}

function writeModule(tree: TreeBuilder, { name, version, objects, conf }: SmallModule): void {
  const source = `usr/src/${name}-${version}`;
  for (const release of releases)
    for (const object of objects)
      tree.write(
        `${source}/made/${release}/${object}.ko`,
        fakeObject({ name: object, release, version, srcversion: `${name}${version}` }),
      );
  const lines = objects.map(
    (object, at) => `BUILT_MODULE_NAME[${at}]=${object}\nDEST_MODULE_LOCATION[${at}]=/extra\nSTRIP[${at}]=no\n`,
  );
  const head = `PACKAGE_NAME=${name}\nPACKAGE_VERSION=${version}\nMAKE[0]="cp made/$kernelver/*.ko ."\n`;
  tree.write(`${source}/dkms.conf`, `${head}${lines.join("")}${conf}`);
}
