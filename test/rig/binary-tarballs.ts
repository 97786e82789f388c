import { createHash } from "node:crypto";
import fs from "node:fs";
import * as assert from "uvu/assert";
import { agentRoot, runAgent } from "./agent.ts";
import type { HeadersOfKernel } from "./kernels-with-headers.ts";
import type { ModuleSource } from "./parts.ts";

export interface BinaryTarballs {
  /** An entry of a document for each module, by the module's name, which takes it from an archive in `/srv/dkms`. */
  readonly entries: Readonly<Record<string, string>>;
  /** Puts the archives into a directory. */
  readonly copyTo: (directory: string) => void;
}

/** Builds modules for a kernel on this machine, and packs each without its source. */
export async function binaryTarballs(
  kernel: HeadersOfKernel,
  modules: readonly ModuleSource[],
): Promise<BinaryTarballs> {
  const builder = agentRoot([kernel]);
  try {
    const wanted = modules.map(
      ({ name, version, directory }) =>
        `  - {name: ${name}, version: ${version}, state: built, source: ${directory}, kernels: [${kernel.release}]}`,
    );
    builder.want(wanted.join("\n"));
    await builder.apply();
    const archives = new Map<string, Buffer>();
    for (const { name, version } of modules) {
      const file = builder.at(fileName(name));
      const words = ["dkms", "mktarball", `${name}/${version}`, "--binaries-only", "--archive", file];
      const { exitCode, stderr } = await runAgent(builder.root, [...words, "-k", kernel.release]);
      assert.is(exitCode, 0, stderr);
      archives.set(name, fs.readFileSync(file));
    }
    const entry = ({ name, version }: ModuleSource) => {
      const sha256 = createHash("sha256")
        .update(archives.get(name) ?? "")
        .digest("hex");
      const archive = `{path: /srv/dkms/${fileName(name)}, sha256: ${sha256}}`;
      return `  - {name: ${name}, version: ${version}, build: never, tarballs: [${archive}]}`;
    };
    return {
      entries: Object.fromEntries(modules.map((module) => [module.name, entry(module)])),
      copyTo: (directory) => {
        fs.mkdirSync(directory, { recursive: true });
        for (const [name, bytes] of archives) fs.writeFileSync(`${directory}/${fileName(name)}`, bytes);
      },
    };
  } finally {
    builder.remove();
  }
}

function fileName(module: string): string {
  return `${module}.dkms.tar.gz`;
}
