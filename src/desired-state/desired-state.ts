import type { DiagnosticRange } from "./diagnostic.ts";

/** What the documents ask for, checked and with every default filled in. */
export interface DesiredState {
  /** The documents, and the directories of documents, as they were named: absolute paths. */
  readonly paths: readonly string[];
  /** In merge order. */
  readonly files: readonly DesiredFile[];
  /** Over all files' contents, in merge order. */
  readonly sha256: string;
  readonly unlisted: Unlisted;
  /** Where a document says so. */
  readonly unlistedPlace?: SourcePlace;
  readonly modules: readonly DesiredModule[];
}

export interface DesiredFile {
  readonly path: string;
  readonly sha256: string;
}

/** What becomes of modules in the DKMS tree that no document lists. */
export type Unlisted = "report" | "ignore" | "prune";

export type DesiredLevel = "installed" | "built" | "added" | "absent";

export interface DesiredModule {
  readonly name: string;
  /** `*`, every version, only with `absent`. */
  readonly version: string;
  readonly state: DesiredLevel;
  /** An absolute directory to copy to `<source tree>/<name>-<version>`; `undefined`: it is there already. */
  readonly source: string | undefined;
  readonly kernels: readonly Selector[];
  /** As `dkms --directive NAME=value`, evaluated after dkms.conf. */
  readonly directives: Readonly<Record<string, string>>;
  /** For one build; `undefined`: the agent's default. */
  readonly timeoutMs: number | undefined;
  readonly build: "auto" | "never";
  /** No plan may uninstall or remove it, even when the entry is gone, until a command lifts that. */
  readonly protect: boolean;
  /** A kernel's initramfs holds it, and is made again when what is installed of it changes. */
  readonly initramfs: boolean;
  /** Archives of DKMS with the module's binaries, or its source, the one to prefer first; empty: none. */
  readonly tarballs: readonly DesiredTarball[];
  readonly position: SourcePosition;
  readonly places: ModulePlaces;
}

/** Where the documents say what a problem may be about. */
export interface ModulePlaces {
  readonly version: SourcePlace;
  /** Of each of `kernels`, which may be in another document; empty if no document says them. */
  readonly kernels: readonly SourcePlace[];
}

export interface SourcePlace {
  readonly file: string;
  readonly range: DiagnosticRange;
}

export interface DesiredTarball {
  /** Absolute. */
  readonly path: string;
  /** Of the file; lower-case hexadecimal. What has another digest is not unpacked. */
  readonly sha256: string;
}

/** Lines and columns count from 1, columns in characters. */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Names kernels without spelling each. `not` takes away from what the others have chosen, wherever it stands. */
export type Selector =
  | { readonly kind: "running" | "newest" | "installed" | "with-headers" }
  | { readonly kind: "exact"; readonly release: string }
  | { readonly kind: "match"; readonly glob: string }
  | { readonly kind: "regex"; readonly pattern: string }
  | { readonly kind: "range"; readonly bounds: readonly Bound[] }
  | { readonly kind: "not"; readonly selector: Selector };

/** One bound of a range; all of them must hold. */
export interface Bound {
  readonly operator: ">=" | "<=" | ">" | "<" | "=";
  readonly version: string;
}
