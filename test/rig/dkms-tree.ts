import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

/** A module that stands in a tree as DKMS would have left it: added, built and installed. */
export interface FabricatedModule {
  readonly name: string;
  readonly version: string;
  /** Paths of kernel objects; copied, under their own names. */
  readonly objects: readonly string[];
}

export interface FabricatedTree {
  readonly modules: readonly FabricatedModule[];
  readonly kernels: readonly string[];
  readonly arch: string;
  /** Where below a kernel's install tree objects go: `updates/dkms` on Debian. */
  readonly destination: string;
}

export interface TreePaths {
  readonly dkmsTree: string;
  readonly sourceTree: string;
  readonly installTree: string;
}

/**
 * Writes the three trees of DKMS below a directory with every module installed for every kernel, and without running
 * a compiler. The layout is that of dell/dkms 3.2.2.
 */
export function fabricateTree(root: string, tree: FabricatedTree): TreePaths {
  const paths = {
    dkmsTree: join(root, "var/lib/dkms"),
    sourceTree: join(root, "usr/src"),
    installTree: join(root, "lib/modules"),
  };
  for (const module of tree.modules) {
    addSource(paths, module);
    for (const kernel of tree.kernels) addInstance(paths, module, { kernel, ...tree });
  }
  return paths;
}

function addSource({ dkmsTree, sourceTree }: TreePaths, module: FabricatedModule): void {
  const source = join(sourceTree, `${module.name}-${module.version}`);
  mkdirSync(source, { recursive: true });
  writeFileSync(join(source, "dkms.conf"), dkmsConf(module));
  mkdirSync(join(dkmsTree, module.name, module.version), { recursive: true });
  symlinkSync(source, join(dkmsTree, module.name, module.version, "source"));
}

function dkmsConf({ name, version, objects }: FabricatedModule): string {
  const perObject = objects.map((object, index) => {
    const objectName = basename(object).replace(/\.ko(\.\w+)?$/, "");
    return `BUILT_MODULE_NAME[${index}]="${objectName}"\nDEST_MODULE_LOCATION[${index}]="/updates"\n`;
  });
  return `PACKAGE_NAME="${name}"\nPACKAGE_VERSION="${version}"\nAUTOINSTALL="yes"\n${perObject.join("")}`;
}

interface Place {
  readonly kernel: string;
  readonly arch: string;
  readonly destination: string;
}

function addInstance(paths: TreePaths, module: FabricatedModule, { kernel, arch, destination }: Place): void {
  const built = join(module.version, kernel, arch);
  const objects = join(paths.dkmsTree, module.name, built, "module");
  const log = join(paths.dkmsTree, module.name, built, "log");
  const installed = join(paths.installTree, kernel, destination);
  for (const directory of [objects, log, installed]) mkdirSync(directory, { recursive: true });
  writeFileSync(join(log, "make.log"), "");
  for (const object of module.objects) {
    copyFileSync(object, join(objects, basename(object)));
    copyFileSync(object, join(installed, basename(object)));
  }
  symlinkSync(built, join(paths.dkmsTree, module.name, `kernel-${kernel}-${arch}`));
}
