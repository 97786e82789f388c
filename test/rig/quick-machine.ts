import fs from "node:fs";
import path from "node:path";
import { type AgentRoot, agentRoot } from "./agent.ts";
import { fakeObject } from "./fake-object.ts";

/** A root of its own with kernels that have headers in name alone: only {@link quickModule} can be built for them. */
export function quickMachine(releases: readonly string[] = ["6.1.0-1-amd64"], root?: string): AgentRoot {
  const machine = agentRoot([], root);
  for (const release of releases) {
    const directory = machine.at("lib/modules", release);
    fs.mkdirSync(path.join(directory, "build/include"), { recursive: true });
    for (const file of ["modules.dep", "modules.order", "modules.builtin"])
      fs.writeFileSync(path.join(directory, file), "");
  }
  return machine;
}

export interface QuickModuleOptions {
  readonly version?: string;
  /** Shell words of MAKE[0], instead of copying the object that is made already. */
  readonly make?: string;
  /** More lines of dkms.conf. */
  readonly conf?: string;
  /** What the objects say that they are made for; default: each kernel of the machine. */
  readonly madeFor?: string;
}

/** A module in the source tree whose make only copies an object: no compiler, no time. Returns its directory. */
export function quickModule(
  { at }: Pick<AgentRoot, "at">,
  name: string,
  { version = "1.0", make = `cp made/$kernelver.ko ${name}.ko`, conf = "", madeFor }: QuickModuleOptions = {},
): string {
  const directory = at("usr/src", `${name}-${version}`);
  fs.mkdirSync(path.join(directory, "made"), { recursive: true });
  for (const release of fs.readdirSync(at("lib/modules"))) {
    const object = fakeObject({ name, release: madeFor ?? release, version, filling: version });
    fs.writeFileSync(path.join(directory, "made", `${release}.ko`), object);
  }
  const lines = [
    `PACKAGE_NAME=${name}`,
    `PACKAGE_VERSION=${version}`,
    `BUILT_MODULE_NAME=${name}`,
    "DEST_MODULE_LOCATION=/updates",
    "STRIP=no",
    `MAKE[0]="${make}"`,
    conf,
  ];
  fs.writeFileSync(path.join(directory, "dkms.conf"), `${lines.join("\n")}\n`);
  return directory;
}

/** A line of a document: one module, wanted as installed unless `more` says otherwise. */
export function wanted(name: string, more = ""): string {
  return `  - {name: ${name}, version: "1.0"${more === "" ? "" : `, ${more}`}}`;
}
