import type { StreamPacking } from "../../host/archive/unpack-pieces.ts";
import type { KernelId, ModuleId } from "../id.ts";

/** What a tarball holds: source and builds, builds with only their dkms.conf, or the source alone. */
export type TarballScope = "all" | "binaries" | "source";

export interface NamedTarball {
  readonly module: ModuleId;
  /** In the order in which they are named. */
  readonly kernels: readonly KernelId[];
  readonly scope: TarballScope;
}

/** What mktarball calls an archive that nobody has named, as dell/dkms does. */
export function tarballName({ module: { name, version }, kernels, scope }: NamedTarball): string {
  const list = kernels.map(({ release, arch }) => `-kernel${release}-${arch}`).join("");
  const many = list.length > longestList ? "-manykernels" : list;
  return `${name}-${version}${scope === "source" ? "-source-only" : many}.dkms.tar.gz`;
}

/** Characters; tried with dell/dkms 3.2.2. */
const longestList = 200;

/** How the ending of an archive's name says that it is compressed; `undefined` if it says nothing. */
export function packingOf(file: string): StreamPacking | undefined {
  return endings.find(([pattern]) => pattern.test(file))?.[1];
}

const endings: readonly (readonly [RegExp, StreamPacking])[] = [
  [/\.tar$/, "none"],
  [/\.(tgz|gz)$/, "gz"],
  [/\.(tbz2?|tz2|bz2)$/, "bz2"],
  [/\.(txz|xz)$/, "xz"],
  [/\.(tzst|zst)$/, "zst"],
];
