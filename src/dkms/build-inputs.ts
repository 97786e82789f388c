import { createHash } from "node:crypto";
import path from "node:path";
import type { Host } from "../host/host.ts";
import type { BuildInputs } from "./build-record.ts";
import type { DkmsConf } from "./conf/dkms-conf.ts";
import { nameProblem } from "./id.ts";
import { type Kernel, objectSuffixes } from "./kernel.ts";
import { readKernelConfig } from "./kernel-config.ts";
import { chooseToolchain, compilerDigest } from "./toolchain.ts";
import { activeObjectsDirectory } from "./tree-layout.ts";

/** What {@link buildInputs} is made from, all of it read before. */
export interface InputParts {
  readonly kernel: Kernel;
  /** The effective dkms.conf for this kernel. */
  readonly conf: DkmsConf;
  /** {@link digestSource} of the source directory. */
  readonly source: string;
  /** The compiler's digest for this kernel, by whoever has looked it up already. */
  readonly compiler?: string;
  /** {@link digestConf} of `conf`, likewise. */
  readonly confDigest?: string;
}

/**
 * What a build of this module for this kernel is made from. The build verb records it and the scan asks it again, so
 * that both agree. `undefined` without headers or compiler: then nothing can be built. Throws what the file system
 * throws.
 */
export function buildInputs(host: Host, parts: InputParts): BuildInputs | undefined {
  const { kernel, conf, source } = parts;
  const compiler = parts.compiler ?? kernelCompiler(host, kernel);
  if (!kernel.headers || compiler === undefined) return undefined;
  const dependencies = digestDependencies(host, conf, kernel);
  return { source, conf: parts.confDigest ?? digestConf(conf), headers: kernel.headers.digest, compiler, dependencies };
}

/** SHA-256 of the compiler that modules for this kernel are built with; `undefined` if this host lacks it. */
export function kernelCompiler(host: Host, kernel: Kernel): string | undefined {
  if (!kernel.headers) return undefined;
  return compilerDigest(host, chooseToolchain(host, readKernelConfig(host, kernel), kernel.headers.directory));
}

/** Of each BUILD_DEPENDS that is installed for the kernel: what a build would be made against. */
function digestDependencies(host: Host, { buildDepends }: DkmsConf, { id }: Kernel): Record<string, string> {
  const digests = buildDepends
    // The file may say anything; what cannot be a module's name is no module.
    .filter((name) => nameProblem(name) === undefined)
    .map((name) => [name, digestObjects(host, activeObjectsDirectory(host.paths, name, id))] as const);
  return Object.fromEntries(digests.flatMap(([name, digest]) => (digest === undefined ? [] : [[name, digest]])));
}

/** Over the names and contents of the objects in a `module/` directory; `undefined` if there is none. */
function digestObjects(host: Host, directory: string): string | undefined {
  const entries = host.files.list(directory);
  if (!entries) return undefined;
  const hash = createHash("sha256");
  for (const { name } of entries.filter(({ name }) => objectSuffixes.some((suffix) => name.endsWith(suffix))))
    hash.update(`${name} ${host.files.sha256(path.join(directory, name))}\n`);
  return hash.digest("hex");
}

/** What the file only remarks on does not count. Keys in one order, whoever put the value together. */
export function digestConf({ notices: _, ...conf }: DkmsConf): string {
  return createHash("sha256").update(JSON.stringify(conf, sortKeys)).digest("hex");
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
