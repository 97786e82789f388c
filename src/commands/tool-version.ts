import packageJson from "../../package.json" with { type: "json" };

/** The version of this program. */
export const toolVersion: string = packageJson.version;

declare const DKMS_AGENT_BUILD: string | undefined;

/**
 * What tells this program from every other one, also of the same version: what one has worked out and kept, no other takes
 * for its own. Put in by whoever bundles the program; as source it is one more program.
 */
export const toolBuild: string = `${toolVersion} ${typeof DKMS_AGENT_BUILD === "undefined" ? "source" : DKMS_AGENT_BUILD}`;
