import { type ArchiveLimits, defaultArchiveLimits } from "../../host/archive/archive-limits.ts";
import type { Host } from "../../host/host.ts";
import { type Result, succeed } from "../failure.ts";
import { findLayout } from "./find-layout.ts";
import { nameModule } from "./name-module.ts";
import type { TarballIndex } from "./tarball.ts";
import { walkTarball } from "./walk-tarball.ts";

/**
 * What an archive holds, read through once as a stream; writes nothing. Everything is checked that can be known without
 * unpacking; whether the objects are made for their kernels is seen when they are loaded.
 *
 * Fails with E_NO_ARCHIVE (2), E_TARBALL (3; 7 without a usable dkms.conf), E_TARBALL_LIMIT, E_CONF_INVALID (8),
 * E_CANCELLED, or what the file system says.
 *
 * @param file an absolute path
 */
export async function readTarball(
  host: Host,
  file: string,
  limits: ArchiveLimits = defaultArchiveLimits,
): Promise<Result<TarballIndex>> {
  const walked = await walkTarball(host, { file, limits }, async () => {});
  if (!walked.ok) return walked;
  const layout = findLayout(file, walked.value);
  if (!layout.ok) return layout;
  const module = await nameModule(host, { archive: file, layout: layout.value, texts: walked.value.texts });
  if (!module.ok) return module;
  const { format, binaries } = layout.value;
  const { sha256 } = walked.value;
  return succeed({ sha256, format, module: module.value, binaries, hasSource: format !== "binaries-only" });
}
