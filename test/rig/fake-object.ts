import { kernelObject } from "./kernel-object.ts";

/** What a kernel object says of itself, as far as tests of trees care. */
export interface FakeObject {
  readonly name: string;
  /** The kernel release that it is for: becomes the first word of its vermagic. */
  readonly release: string;
  readonly version?: string;
  readonly srcversion?: string;
  /** Makes two objects of one version differ. */
  readonly filling?: string;
}

/** A kernel object that modinfo reads and no compiler made. */
export function fakeObject({ name, release, version, srcversion, filling }: FakeObject): Buffer {
  return kernelObject([
    ...(version === undefined ? [] : [["version", version] as const]),
    ["license", "GPL"],
    ...(srcversion === undefined ? [] : [["srcversion", srcversion] as const]),
    ["depends", ""],
    ["name", name],
    ["vermagic", `${release} SMP preempt mod_unload modversions `],
    ...(filling === undefined ? [] : [["filling", filling] as const]),
  ]);
}
