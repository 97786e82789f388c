import type { TreeBuilder } from "./tree-builder.ts";

/** A module of two kernel objects to be really compiled, as `<source tree>/demo-<version>`. Returns its directory. */
export function twoObjects(
  tree: Pick<TreeBuilder, "write" | "at">,
  { version = "1.0", directory = "usr/src" },
): string {
  const source = `${directory}/demo-${version}`;
  for (const name of ["demo_a", "demo_b"]) tree.write(`${source}/${name}.c`, program(name, version));
  tree.write(`${source}/Makefile`, "obj-m := demo_a.o demo_b.o\n");
  tree.write(
    `${source}/dkms.conf`,
    [
      "PACKAGE_NAME=demo",
      `PACKAGE_VERSION=${version}`,
      "BUILT_MODULE_NAME[0]=demo_a",
      "BUILT_MODULE_NAME[1]=demo_b",
      "DEST_MODULE_LOCATION[0]=/updates",
      "DEST_MODULE_LOCATION[1]=/updates",
      "",
    ].join("\n"),
  );
  return tree.at(source);
}

function program(name: string, version: string): string {
  return `#include <linux/module.h>
MODULE_LICENSE("GPL");
MODULE_VERSION("${version}");
static int __init ${name}_start(void) { return 0; }
static void __exit ${name}_stop(void) { }
module_init(${name}_start);
module_exit(${name}_stop);
`;
}
