import { type ArchiveLimits, defaultArchiveLimits } from "../../host/archive/archive-limits.ts";
import type { Host } from "../../host/host.ts";
import { type Result, succeed } from "../failure.ts";
import { checkDigest, otherDigest, type WantedArchive } from "./check-digest.ts";
import { findLayout } from "./find-layout.ts";
import { nameModule } from "./name-module.ts";
import type { TarballIndex } from "./tarball.ts";
import { walkTarball } from "./walk-tarball.ts";

/**
 * What an archive holds, read through as a stream; writes nothing. Everything is checked that can be known without
 * unpacking; whether the objects are made for their kernels is seen when they are loaded. Of an archive that does not have
 * the digest that it must have nothing is unpacked, parsed or evaluated.
 *
 * Fails with E_DIGEST, E_NO_ARCHIVE (2), E_TARBALL (3; 7 without a usable dkms.conf), E_TARBALL_LIMIT, E_CONF_INVALID (8),
 * E_CANCELLED, or what the file system says.
 */
export async function readTarball(
  host: Host,
  archive: WantedArchive,
  limits: ArchiveLimits = defaultArchiveLimits,
): Promise<Result<TarballIndex>> {
  const { file } = archive;
  const other = checkDigest(host, archive);
  if (other) return { ok: false, error: other };
  const walked = await walkTarball(host, { file, limits }, async () => {});
  if (!walked.ok) return walked;
  // Somebody may have replaced the file since its digest was taken.
  const replaced = otherDigest(archive, walked.value.sha256);
  if (replaced) return { ok: false, error: replaced };
  const layout = findLayout(file, walked.value);
  if (!layout.ok) return layout;
  const module = await nameModule(host, { archive: file, layout: layout.value, texts: walked.value.texts });
  if (!module.ok) return module;
  const { format, binaries } = layout.value;
  const { sha256 } = walked.value;
  return succeed({ sha256, format, module: module.value, binaries, hasSource: format !== "binaries-only" });
}
