import fs from "node:fs";
import path from "node:path";
import * as assert from "uvu/assert";
import { binaryTarballs } from "./binary-tarballs.ts";
import { type SystemdDisk, systemdDisk } from "./systemd-disk.ts";
import type { PartsOf } from "./test-needing.ts";

/** What the scenarios on a Debian system with systemd need. */
export const systemdParts = [
  ...(["debian-root", "linux-image", "headers", "module-sources", "gcc", "make", "kmod"] as const),
  ...(["qemu", "busybox", "cpio", "unshare", "root"] as const),
];

/** A command that lists what a run works on, with times: two equal answers, and nothing was written. */
export const listTrees = [
  "find /var/lib/dkms /usr/src /lib/modules -not -type d -not -path '*/.dkms-agent/*' -not -path '*/kernel/*'",
  "-printf '%p %T@ %s %l\\n' | sort",
].join(" ");

type Part = PartsOf<(typeof systemdParts)[number]>;

export interface BinaryHostOptions {
  /** Names of modules among the parts. */
  readonly modules: readonly string[];
  /** Files of the host, by path, besides the archives in /srv/dkms. */
  readonly files: (documents: Documents) => Readonly<Record<string, string>>;
}

export interface Documents {
  /** A document that wants modules from the archives. */
  readonly of: (...modules: readonly string[]) => string;
}

/** A host without compiler, kernel headers, module source and dell/dkms, which has archives of modules. */
export async function binaryHost(part: Part, { modules, files }: BinaryHostOptions): Promise<SystemdDisk & Documents> {
  const image = part("linux-image");
  const kernel = part("headers").kernels.find(({ release }) => release === image.release);
  const sources = part("module-sources").modules.filter(({ name }) => modules.includes(name));
  assert.ok(kernel && sources.length === modules.length, "kernel and modules are among the parts");
  const tarballs = await binaryTarballs(kernel, sources);
  const of: Documents["of"] = (...names) =>
    `apiVersion: dkms-agent/v1\nkernels: [running]\nmodules:\n${names.map((name) => `${tarballs.entries[name]}\n`).join("")}`;
  const disk = systemdDisk({
    ...{ base: part("debian-root").directory, image, busybox: part("busybox").path, builds: false },
    fill: (at) => {
      tarballs.copyTo(at("srv/dkms"));
      for (const [file, text] of Object.entries(files({ of }))) {
        fs.mkdirSync(path.dirname(at(file)), { recursive: true });
        fs.writeFileSync(at(file), text);
      }
    },
  });
  return { ...disk, of };
}
