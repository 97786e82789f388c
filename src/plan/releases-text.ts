import type { Kernel } from "../dkms/kernel.ts";

const mostNamed = 4;

/** Which kernels a host has, as part of a sentence for who named another; `undefined` if it has none. Pure. */
export function releasesText(kernels: readonly Pick<Kernel, "id">[]): string | undefined {
  const releases = [...new Set(kernels.map(({ id }) => id.release))];
  if (releases.length === 0) return undefined;
  const more = releases.length - mostNamed;
  const rest = more > 0 ? ` and ${more} more` : "";
  return `there ${releases.length === 1 ? "is" : "are"} ${releases.slice(0, mostNamed).join(", ")}${rest}`;
}
