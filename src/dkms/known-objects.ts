import type { Host } from "../host/host.ts";
import { type Result, succeed } from "./failure.ts";
import { parseJson } from "./json-fields.ts";
import type { ModuleInfo } from "./module-info.ts";
import { objectFile } from "./object-link.ts";
import { readOwnFile, writeOwnFile } from "./own-file.ts";
import type { SignatureProblem } from "./signing/signature-demand.ts";
import { objectFactsFile } from "./state-layout.ts";

/** What a kernel object says of itself, as far as it decides whether a kernel loads it. */
export type ObjectInfo = Pick<ModuleInfo, "vermagic" | "arch" | "depends" | "srcversion" | "buildId">;

export interface ObjectFacts {
  readonly info: ObjectInfo;
  /** Beside the demand that was asked for; `undefined`: none, or nobody asked. */
  readonly signature: SignatureProblem | undefined;
}

/** How the signature of an object is judged. */
export interface SignatureJudge {
  /** Another one for everything that the judgement hangs on. */
  readonly digest: string;
  readonly judge: (content: Uint8Array) => SignatureProblem | undefined;
}

export interface ObjectRequest {
  /** As it is installed: the object, or a link to it. */
  readonly path: string;
  /** Of its content. */
  readonly sha256: string;
  readonly signature?: SignatureJudge;
}

/** Facts of kernel objects by their content, so that a large one is unpacked and read once, and not by every run. */
export interface KnownObjects {
  /** Reads the file only if nothing is known of its content. Fails as readObject does. */
  readonly look: (request: ObjectRequest) => Promise<Result<ObjectFacts>>;
  /**
   * Keeps what was asked for, for later runs; under the lock only. `whole`: everything was, and the rest can be forgotten.
   * Gives up in silence where it cannot be.
   */
  readonly save: (scope: { readonly whole: boolean }) => void;
}

interface Entry {
  readonly info: ObjectInfo;
  /** Digest of a demand -> what is wrong beside it; null: nothing. */
  readonly signatures: Readonly<Record<string, SignatureProblem | null>>;
}

/** What earlier runs have kept in `<state>/objects.json`. What somebody else could have written is not read. */
export function openObjects(host: Host): KnownObjects {
  let read: ReadonlyMap<string, Entry> | undefined;
  const kept = () => {
    read ??= readKept(host);
    return read;
  };
  const used = new Map<string, Entry>();
  return {
    look: async ({ path, sha256, signature }) => {
      const known = used.get(sha256) ?? kept().get(sha256);
      const judged = known && (signature ? known.signatures[signature.digest] : null);
      if (known && judged !== undefined) {
        used.set(sha256, known);
        return succeed({ info: known.info, signature: judged ?? undefined });
      }
      const found = await lookAt(host, { path, sha256, ...(signature && { signature }) });
      if (!found.ok) return found;
      const { info, signature: problem } = found.value;
      used.set(sha256, { info, signatures: signature ? { [signature.digest]: problem ?? null } : {} });
      return found;
    },
    save: ({ whole }) => {
      const sorted = [...(whole ? used : new Map([...kept(), ...used]))].sort(([a], [b]) => (a < b ? -1 : 1));
      writeOwnFile(host, objectFactsFile(host.paths), JSON.stringify([format, ...sorted]));
    },
  };
}

/** Nothing is known from before, and nothing is kept: every file is read. */
export function unknownObjects(host: Host): KnownObjects {
  return { look: (request) => lookAt(host, request), save: () => {} };
}

async function lookAt(host: Host, { path, signature }: ObjectRequest): Promise<Result<ObjectFacts>> {
  // Where all is known, nobody waits for what it takes to unpack and read an object.
  const { readObject } = await import("./read-object.ts");
  const read = await readObject(host, objectFile(host, path));
  if (!read.ok) return read;
  const { content, info } = read.value;
  const { vermagic, arch, depends, srcversion, buildId } = info;
  return succeed({ info: { vermagic, arch, depends, srcversion, buildId }, signature: signature?.judge(content) });
}

const format = "dkms-agent objects 1";

/** Ten thousands of objects. */
const longest = 16 << 20;

function readKept(host: Host): ReadonlyMap<string, Entry> {
  const text = readOwnFile(host, objectFactsFile(host.paths), longest);
  if (text === undefined) return new Map();
  const value = parseJson(text);
  if (!Array.isArray(value) || value[0] !== format) return new Map();
  return new Map(value.slice(1).filter(isEntry));
}

/** Nobody else could have written the file, and the format tells that it was us: what is looked at is only its form. */
function isEntry(line: unknown): line is [string, Entry] {
  if (!Array.isArray(line) || line.length !== 2) return false;
  const [sha256, entry]: readonly unknown[] = line;
  if (typeof sha256 !== "string" || typeof entry !== "object" || entry === null) return false;
  if (!("info" in entry) || !("signatures" in entry)) return false;
  const { info, signatures } = entry;
  const isObject = (one: unknown): one is object => typeof one === "object" && one !== null;
  return isObject(signatures) && isObject(info) && "depends" in info && Array.isArray(info.depends);
}
