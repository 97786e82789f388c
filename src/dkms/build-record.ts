import type { Host } from "../host/host.ts";
import type { InstanceId, KernelId, ModuleId } from "./id.ts";
import { parseJson } from "./json-fields.ts";
import { buildRecordFile } from "./tree-layout.ts";

/** What a build was made from and what came out: `.dkms-agent-build.json` beside `module/`. */
export interface BuildRecord {
  readonly format: 1;
  readonly module: ModuleId;
  readonly kernel: KernelId;
  /** `undefined`: it came in a tarball that does not say. */
  readonly inputs?: BuildInputs;
  /** ISO 8601, UTC. */
  readonly builtAt: string;
  readonly durationMs: number;
  readonly objects: readonly RecordedObject[];
  /** SHA-256 of the certificate by whose key every object is signed; absent: not all are, or nobody knows. */
  readonly signer?: string;
  /**
   * What earlier builds of the instance had in the install tree when this one replaced them. An install or uninstall takes
   * away what is left of it.
   */
  readonly superseded?: readonly SupersededObject[];
  /** The archive that the objects were loaded from. What the record says of how they were made is only its claim. */
  readonly tarball?: { readonly sha256: string };
  /** AUTOINSTALL and NO_WEAK_MODULES of dkms.conf for this kernel, for whoever has the build without bash; absent: no. */
  readonly autoinstall?: boolean;
  readonly noWeakModules?: boolean;
  /** What was given besides dkms.conf (`dkms --directive`), and is part of `inputs.conf`; absent for none. */
  readonly directives?: Readonly<Record<string, string>>;
}

/** Everything that decides how a build comes out. Two equal values: the build is fresh. */
export interface BuildInputs {
  /** SHA-256 over names, modes, contents and link targets of the source directory. */
  readonly source: string;
  /** SHA-256 over the effective dkms.conf for this kernel, directives included. */
  readonly conf: string;
  /** KernelHeaders.digest */
  readonly headers: string;
  /** SHA-256 of the compiler's program file. */
  readonly compiler: string;
  /** BUILD_DEPENDS name -> SHA-256 over that instance's built objects. */
  readonly dependencies: Readonly<Record<string, string>>;
}

export interface ObjectDigest {
  /** File name without a directory, e.g. `ddcci.ko.xz`. */
  readonly file: string;
  readonly sha256: string;
}

/** An object in the install tree. */
export interface SupersededObject extends ObjectDigest {
  /** Where it lies, below the kernel's directory. Builds of earlier versions of this program lack it. */
  readonly directory?: string;
}

/** An object below module/. Its name without `.ko` and what follows is DEST_MODULE_NAME. */
export interface RecordedObject extends ObjectDigest {
  readonly size: number;
  /**
   * DEST_MODULE_LOCATION as dkms.conf gives it for this kernel, before the distribution has its say: whoever gets the build
   * without its source knows where it goes without asking bash. Builds of earlier versions of this program lack it.
   */
  readonly destination?: string;
}

type InstallRules = Pick<BuildRecord, "autoinstall" | "noWeakModules">;

/** Of what dkms.conf, or another record, says: what counts when the build is installed; nothing that is no. */
export function installRules({ autoinstall, noWeakModules }: InstallRules): InstallRules {
  return { ...(autoinstall && { autoinstall }), ...(noWeakModules && { noWeakModules }) };
}

/** The record of the build of an instance; `undefined` if there is none, or none of ours. Throws what reading throws. */
export function readBuildRecord(
  { files, paths }: Pick<Host, "files" | "paths">,
  instance: InstanceId,
): BuildRecord | undefined {
  return parseBuildRecord(files.readText(buildRecordFile(paths, instance)) ?? "");
}

/** A build record from its JSON text; `undefined` if it is not one, e.g. of a later format. */
export function parseBuildRecord(text: string): BuildRecord | undefined {
  const value = parseJson(text);
  return isBuildRecord(value) ? value : undefined;
}

/** The text that {@link parseBuildRecord} reads back. */
export function formatBuildRecord(record: BuildRecord): string {
  return `${JSON.stringify(record, undefined, 2)}\n`;
}

function isBuildRecord(value: unknown): value is BuildRecord {
  return (
    isRecord(value) &&
    value.format === 1 &&
    hasTexts(value.module, ["name", "version"]) &&
    hasTexts(value.kernel, ["release", "arch"]) &&
    (value.inputs === undefined || isInputs(value.inputs)) &&
    typeof value.builtAt === "string" &&
    isCount(value.durationMs) &&
    Array.isArray(value.objects) &&
    value.objects.every(isRecordedObject) &&
    (value.superseded === undefined || isSupersededList(value.superseded)) &&
    (value.tarball === undefined || hasTexts(value.tarball, ["sha256"])) &&
    ["undefined", "boolean"].includes(typeof value.autoinstall) &&
    ["undefined", "boolean"].includes(typeof value.noWeakModules) &&
    (value.signer === undefined || typeof value.signer === "string") &&
    (value.directives === undefined || isTextMap(value.directives))
  );
}

function isInputs(value: unknown): boolean {
  return hasTexts(value, ["source", "conf", "headers", "compiler"]) && isTextMap(value.dependencies);
}

function isRecordedObject(value: unknown): boolean {
  return isPlacedDigest(value, "destination") && isCount(value.size);
}

function isSupersededList(value: unknown): boolean {
  return Array.isArray(value) && value.every((object) => isPlacedDigest(object, "directory"));
}

function isPlacedDigest(value: unknown, place: string): value is Record<string, unknown> {
  return hasTexts(value, ["file", "sha256"]) && ["undefined", "string"].includes(typeof value[place]);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function hasTexts(value: unknown, keys: readonly string[]): value is Record<string, unknown> {
  return isRecord(value) && keys.every((key) => typeof value[key] === "string");
}

function isTextMap(value: unknown): boolean {
  return isRecord(value) && Object.values(value).every((text) => typeof text === "string");
}

function isCount(value: unknown): boolean {
  return typeof value === "number" && value >= 0;
}
