import type { DkmsConf } from "../../../src/dkms/conf/dkms-conf.ts";
import type { Kernel } from "../../../src/dkms/kernel.ts";
import { plainConf } from "../../rig/plain-conf.ts";

/** A dkms.conf of one object `demo` that says nothing else. */
export function confWith(more: Partial<DkmsConf> = {}): DkmsConf {
  return {
    ...plainConf({ name: "demo", version: "1.0" }),
    objects: [{ builtName: "demo", builtLocation: "", destName: "demo", destLocation: "/extra", strip: true }],
    autoinstall: false,
    ...more,
  };
}

/** Debian's 6.1.0-56-amd64, with headers in its install tree. */
export function kernelOf(more: Partial<Kernel> = {}): Kernel {
  const directory = "/lib/modules/6.1.0-56-amd64";
  return {
    id: { release: "6.1.0-56-amd64", arch: "x86_64" },
    directory,
    headers: { directory: `${directory}/build`, digest: "" },
    hasModulesDep: true,
    isInstalled: true,
    compression: "none",
    ...more,
  };
}
