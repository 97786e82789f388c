import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export interface CachedPart {
  readonly package: string;
  readonly version: string;
  readonly directory: string;
}

/** The manifest's entries of one kind whose directory is really there. */
export function cachedParts(kind: string): CachedPart[] {
  const manifest = join(partsDirectory(), "manifest.json");
  if (!existsSync(manifest)) return [];
  const { parts }: { parts: { kind: string; package: string; version: string; path: string }[] } = JSON.parse(
    readFileSync(manifest, "utf8"),
  );
  return parts
    .filter((entry) => entry.kind === kind)
    .map(({ package: name, version, path }) => ({ package: name, version, directory: join(partsDirectory(), path) }))
    .filter(({ directory }) => existsSync(directory));
}

/** Where extracted packages are kept; `.dev/prepare.mjs` uses the same rule. */
export function partsDirectory(): string {
  const { XDG_CACHE_HOME, DKMS_AGENT_PARTS } = process.env;
  return DKMS_AGENT_PARTS || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "dkms-agent-parts");
}
