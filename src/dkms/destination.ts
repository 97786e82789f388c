import type { Host } from "../host/host.ts";
import type { ObjectSpec } from "./conf/dkms-conf.ts";

/**
 * Where the object goes, below `<install tree>/<release>`: begins with a slash, has none at its end. Most distributions
 * send everything to one place, whatever the file says (tried with dell/dkms 3.2.2); `addonModulesDir` beats them all.
 */
export function destinationDirectory(
  spec: Pick<ObjectSpec, "destLocation">,
  distribution: string,
  addonModulesDir?: string,
): string {
  const [, usual] = places.find(([names]) => names.test(distribution)) ?? [];
  const place = addonModulesDir ? `/${addonModulesDir}` : (usual ?? spec.destLocation);
  return place.replace(/\/{2,}/g, "/").replace(/\/$/, "");
}

/** The distribution as dell/dkms names it: ID_LIKE's first word, else ID, of os-release; Ubuntu is `ubuntu`. */
export function readDistribution({ files, paths }: Pick<Host, "files" | "paths">): string {
  const release = parseAssignments(files.readText(paths.osRelease) ?? "");
  const id = release.get("ID") ?? "";
  const [family = ""] = (release.get("ID_LIKE") ?? "").split(/\s+/).filter(Boolean);
  return id === "ubuntu" ? id : family || id || "unknown";
}

/** Beginnings of a distribution's name, as dell/dkms 3.2.2 goes by them: `opensuse-leap` and `rhel9` count too. */
const places: readonly (readonly [RegExp, string])[] = [
  [/^(debian|ubuntu|arch)/, "/updates/dkms"],
  [/^(fedora|rhel|ovm)/, "/extra"],
  [/^(suse|opensuse|sles)/, "/updates"],
];

/** os-release(5): assignments of the shell without expansions. */
function parseAssignments(text: string): ReadonlyMap<string, string> {
  const lines = text.matchAll(/^\s*([A-Z_]+)=(["']?)(.*?)\2\s*$/gm);
  return new Map(Array.from(lines, ([, name = "", , value = ""]) => [name, value.replace(/\\(.)/g, "$1")]));
}
