import type { SourceState } from "../actual-state/actual-state.ts";
import type { DesiredModule } from "../desired-state/desired-state.ts";

/** Whether the source that the document names has to be copied to the source tree (again). */
export function sourceDiffers(source: SourceState | undefined): boolean {
  return source?.given !== undefined && source.given.digest !== source.inTree?.digest;
}

/** Whether what lies in the source tree came from an archive that the document does not list any more. */
export function isOutdated(source: SourceState | undefined, { tarballs }: DesiredModule): boolean {
  const origin = source?.inTree?.tarball;
  return origin !== undefined && tarballs.length > 0 && !tarballs.some(({ sha256 }) => sha256 === origin);
}

/** Whether an archive puts its own in the place of what lies in the source tree: never a dkms.conf in that of a source. */
export function isSuperseded(
  source: SourceState | undefined,
  entry: DesiredModule,
  by: { readonly hasSource: boolean },
): boolean {
  return isOutdated(source, entry) && (by.hasSource || source?.inTree?.confOnly === true);
}

/** Whether an archive's source goes to the source tree: nothing else brings one, and nobody else's lies there. */
export function bringsSource(source: SourceState | undefined, entry: DesiredModule): boolean {
  if (entry.build === "never" && entry.state !== "added") return false;
  if (entry.source !== undefined) return false;
  return !source?.inTree || source.inTree.confOnly || isOutdated(source, entry);
}
