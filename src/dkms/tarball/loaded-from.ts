interface LoadedInstance {
  /** The build record, as far as it says where the build came from. */
  readonly record: { readonly tarball?: { readonly sha256: string } } | undefined;
  readonly problems: readonly { readonly kind: string }[];
}

/**
 * Whether an instance is what one of these archives held, and whole: then none of them needs to be there any more. The
 * scan and the planner ask the same. Pure.
 */
export function isLoadedFrom(
  instance: LoadedInstance | undefined,
  tarballs: readonly { readonly sha256: string }[],
): boolean {
  const origin = instance?.record?.tarball?.sha256;
  if (origin === undefined || !tarballs.some(({ sha256 }) => sha256 === origin)) return false;
  return !instance?.problems.some(({ kind }) => kind === "object-missing" || kind === "wrong-vermagic");
}
