import type { DkmsVerb } from "../../dkms/command-line/dkms-verbs.ts";
import { generateMokRunner } from "./generate-mok.ts";
import { autoinstallRunner, kernelPreinstRunner, kernelPrermRunner, matchRunner } from "./kernel-verbs.ts";
import { ldtarballRunner } from "./load-archive.ts";
import { mktarballRunner } from "./mktarball.ts";
import { addRunner, buildRunner, installRunner, takeBackRunner } from "./module-verbs.ts";
import type { Runner } from "./runner.ts";

/** Every verb that changes something, and how it is done. */
export const verbTable: Readonly<Record<Exclude<DkmsVerb, "status">, Runner>> = {
  add: addRunner,
  remove: takeBackRunner("absent"),
  build: buildRunner,
  unbuild: takeBackRunner("added"),
  install: installRunner,
  uninstall: takeBackRunner("built"),
  match: matchRunner,
  autoinstall: autoinstallRunner,
  mktarball: mktarballRunner,
  ldtarball: ldtarballRunner,
  generate_mok: generateMokRunner,
  kernel_preinst: kernelPreinstRunner,
  kernel_postinst: autoinstallRunner,
  kernel_prerm: kernelPrermRunner,
};
