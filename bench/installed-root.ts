import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fakeObject } from "../test/rig/fake-object.ts";
import { findPart } from "../test/rig/parts.ts";
import { agent } from "./bench.ts";

export interface InstalledRoot {
  /** Of dkms-agent: which root, which document. */
  readonly options: readonly string[];
  readonly document: string;
  /** Where the program keeps what later runs can make use of. */
  readonly state: string;
  readonly instances: number;
}

/**
 * A root in which `apply` has built and installed modules for kernels, all by the program itself. The kernels have the
 * headers' files that tell how a module comes out; what stands for make copies an object that nobody compiled.
 */
export function installedRoot(directory: string, moduleCount: number, kernelCount: number): InstalledRoot {
  const kernels = Array.from({ length: kernelCount }, (_, index) => `6.1.0-${50 + index}-amd64`);
  const modules = Array.from({ length: moduleCount }, (_, index) => `bench-module-${index}`);
  for (const kernel of kernels) writeHeaders(join(directory, "root/lib/modules", kernel, "build"), kernel);
  for (const module of modules) writeSource(join(directory, "sources", module), module, kernels);
  const document = join(directory, "modules.yaml");
  const entries = modules.map((name) => `  - {name: ${name}, version: 1.0, source: ./sources/${name}}\n`);
  writeFileSync(document, `apiVersion: dkms-agent/v1\nkernels: [with-headers]\nmodules:\n${entries.join("")}`);
  const options = ["-f", document, "--root", join(directory, "root")];
  // The second run is the first one that finds what it need not look at twice.
  for (const which of ["first", "second"]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [agent, "apply", ...options], { encoding: "utf8" });
    if (status !== 0) throw new Error(`The ${which} apply failed:\n${stdout}${stderr}`);
  }
  const state = join(directory, "root/var/lib/dkms/.dkms-agent");
  return { options, document, state, instances: moduleCount * kernelCount };
}

/** Configuration and symbols of a real kernel; without the signing, which would be most of the preparation. */
function writeHeaders(build: string, release: string): void {
  const headers = findPart("headers");
  const real = headers.found ? headers.part.kernels[0] : undefined;
  if (!real) throw new Error("This bench needs kernel headers.");
  for (const place of ["include/config", "include/generated"]) mkdirSync(join(build, place), { recursive: true });
  copyFileSync(join(real.directory, "Module.symvers"), join(build, "Module.symvers"));
  const config = readFileSync(join(real.directory, "include/config/auto.conf"), "utf8");
  writeFileSync(join(build, "include/config/auto.conf"), config.replaceAll(/^CONFIG_MODULE_SIG.*\n/gm, ""));
  writeFileSync(join(build, "include/generated/utsrelease.h"), `#define UTS_RELEASE "${release}"\n`);
}

function writeSource(directory: string, name: string, kernels: readonly string[]): void {
  mkdirSync(directory, { recursive: true });
  const lines = [
    `PACKAGE_NAME="${name}"`,
    'PACKAGE_VERSION="1.0"',
    `BUILT_MODULE_NAME[0]="${name}"`,
    'DEST_MODULE_LOCATION[0]="/updates"',
    `MAKE[0]="cp $kernelver.object ${name}.ko"`,
    'STRIP[0]="no"',
    'AUTOINSTALL="yes"',
  ];
  writeFileSync(join(directory, "dkms.conf"), `${lines.join("\n")}\n`);
  writeFileSync(join(directory, "main.c"), `/* ${name} */\n`.repeat(500));
  for (const release of kernels) {
    // As large as a small driver.
    const object = fakeObject({ name, release, filling: name.repeat(4000) });
    writeFileSync(join(directory, `${release}.object`), object);
  }
}
