import { execFileSync } from "node:child_process";
import type { ModuleInfo, ModuleSignature } from "../../src/dkms/module-info.ts";

/** What modinfo(8) shows of one file: the first value of each field. */
export type Fields = ReadonlyMap<string, string>;

/** What ModuleInfo and modinfo(8) both know. */
export type Comparable = Omit<ModuleInfo, "buildId" | "arch">;

/** Asks modinfo(8) about many files with one process; in the order of `paths`. */
export function modinfoOf(paths: readonly string[]): readonly Fields[] {
  const output = execFileSync("modinfo", ["-0", ...paths], { encoding: "utf8", maxBuffer: 256 << 20 });
  const blocks = output.split(/(?:^|\0)filename: {7}/).slice(1);
  return blocks.map((block) => {
    const fields = new Map<string, string>();
    for (const field of block.split("\0").slice(1)) {
      const equals = field.indexOf("=");
      const key = field.slice(0, equals);
      if (!fields.has(key)) fields.set(key, field.slice(equals + 1));
    }
    return fields;
  });
}

/** modinfo's answer in the shape of ours. */
export function fromModinfo(fields: Fields): Comparable {
  return {
    name: fields.get("name"),
    vermagic: fields.get("vermagic"),
    version: fields.get("version"),
    srcversion: fields.get("srcversion"),
    depends: (fields.get("depends") ?? "").split(",").filter((name) => name !== ""),
    license: fields.get("license"),
    signature: fields.has("sig_id") ? signatureFrom(fields) : undefined,
  };
}

function signatureFrom(fields: Fields): ModuleSignature {
  return { signer: fields.get("signer"), hash: fields.get("sig_hashalgo"), key: fields.get("sig_key") };
}

/** Our answer without the fields that modinfo does not have. */
export function toComparable({ buildId, arch, ...info }: ModuleInfo): Comparable {
  return info;
}
