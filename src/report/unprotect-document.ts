import type { UnprotectDocument } from "../contract/unprotect-schema.ts";
import type { ModuleKey } from "../dkms/id.ts";
import { documentHead } from "./json.ts";

export interface Unprotected {
  readonly lifted: readonly ModuleKey[];
  readonly left: readonly ModuleKey[];
}

/** Whose protection was lifted, as other programs read it. */
export function unprotectDocument({ lifted, left }: Unprotected, toolVersion: string): UnprotectDocument {
  return { ...documentHead(toolVersion), lifted, protected: left };
}
