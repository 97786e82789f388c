import type { DkmsConf } from "../../src/dkms/conf/dkms-conf.ts";
import type { ModuleId } from "../../src/dkms/id.ts";

/** What a dkms.conf says that names the module, and nothing else. */
export function plainConf({ name, version }: ModuleId): DkmsConf {
  return {
    packageName: name,
    packageVersion: version,
    objects: [],
    make: undefined,
    patches: [],
    scripts: {},
    buildDepends: [],
    buildDependsRebuild: false,
    exclusive: { arch: undefined, config: undefined, kernel: undefined, kernelMin: undefined, kernelMax: undefined },
    obsoleteBy: undefined,
    autoinstall: true,
    noWeakModules: false,
    notices: [],
  };
}
