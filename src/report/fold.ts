/** Several things of which the same is to be said. */
export interface Fold<T extends { readonly address: string }> {
  /** The first of them stands for all. */
  readonly first: T;
  /** The address, or what they have in common: `ddcci/0.4.4 for 3 kernels`. */
  readonly subject: string;
  /** What tells them apart; empty for one alone. */
  readonly members: readonly string[];
}

/** Each thing by itself. */
export function unfolded<T extends { readonly address: string }>(things: readonly T[]): readonly Fold<T>[] {
  return things.map((first) => ({ first, subject: first.address, members: [] }));
}

/** A group of two takes as many lines as two by themselves. */
const fewest = 3;

/** Puts together what `sameness` gives the same text for, at the place of the first of them; small groups stay apart. */
export function fold<T extends { readonly address: string }>(
  things: readonly T[],
  sameness: (thing: T) => string,
): readonly Fold<T>[] {
  const groups = new Map<string, T[]>();
  for (const thing of things) {
    const key = sameness(thing);
    const group = groups.get(key);
    if (group) group.push(thing);
    else groups.set(key, [thing]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first || group.length < fewest) return unfolded(group);
    return [{ first, ...name(group.map(({ address }) => address)) }];
  });
}

function name(addresses: readonly string[]): { readonly subject: string; readonly members: readonly string[] } {
  const parts = addresses.map(splitAddress);
  const modules = new Set(parts.map(({ module }) => module));
  const kernels = new Set(parts.map(({ kernel }) => kernel));
  const [module] = modules;
  const [kernel] = kernels;
  if (modules.size === 1 && module !== undefined) {
    return { subject: `${module} for ${addresses.length} kernels`, members: withoutCommonArch([...kernels]) };
  }
  if (kernels.size === 1 && kernel !== undefined) {
    return { subject: `${addresses.length} modules for ${kernel}`, members: [...modules] };
  }
  return { subject: `${addresses.length} instances`, members: addresses };
}

/** The parts of `name/version@release/arch`; a module's address has no kernel. */
export function splitAddress(address: string): { readonly module: string; readonly kernel: string } {
  const at = address.lastIndexOf("@");
  return at < 0 ? { module: address, kernel: "" } : { module: address.slice(0, at), kernel: address.slice(at + 1) };
}

/** Releases alone, where all kernels have the same architecture. */
function withoutCommonArch(kernels: readonly string[]): readonly string[] {
  const arches = new Set(kernels.map((kernel) => kernel.slice(kernel.indexOf("/"))));
  return arches.size > 1 ? kernels : kernels.map((kernel) => kernel.slice(0, kernel.indexOf("/")));
}
