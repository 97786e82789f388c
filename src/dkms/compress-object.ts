import type { Host } from "../host/host.ts";
import type { CommandResult } from "../host/run.ts";
import { fail, type Result, succeed } from "./failure.ts";
import type { Compression } from "./kernel.ts";
import { wantOfMemory } from "./want-of-memory.ts";

type Compressed = Exclude<Compression, "none">;

/** The programs that pack kernel objects. */
export const compressors: Readonly<Record<Compressed, { readonly file: string; readonly debianPackage: string }>> = {
  gz: { file: "gzip", debianPackage: "gzip" },
  xz: { file: "xz", debianPackage: "xz-utils" },
  zst: { file: "zstd", debianPackage: "zstd" },
};

/** What framework.conf's compress_gzip_opts, compress_xz_opts and compress_zstd_opts are when nobody sets them. */
export const defaultCompressorOptions: Readonly<Record<Compressed, readonly string[]>> = {
  gz: [],
  // The kernel's own decompressor knows no other checksum and little dictionary.
  xz: ["--check=crc32", "--lzma2=dict=1MiB"],
  zst: ["-q", "--rm", "-T0"],
};

/**
 * Packs a kernel object with the same program and options as dell/dkms, so that the bytes are the same. Returns the
 * new path, `<path>.gz`, `.xz` or `.zst`, and the plain file is gone; `none` leaves everything as it is. After a failure
 * the plain file is still there. Fails with E_NO_TOOL, E_NO_OBJECT, E_NO_SPACE, E_TIMEOUT, E_CANCELLED or E_IO.
 */
export async function compressObject(
  host: Pick<Host, "run" | "files">,
  path: string,
  kind: Compression,
  options: Partial<Record<Compressed, readonly string[]>> = {},
): Promise<Result<string>> {
  if (kind === "none") return succeed(path);
  if (!host.files.stat(path)) return fail("E_NO_OBJECT", `There is no kernel object ${path} to compress.`, { path });
  const { file } = compressors[kind];
  const args = [...(options[kind] ?? defaultCompressorOptions[kind]), "-f", path];
  const result = await host.run({ file, args, timeoutMs });
  if (result.ending === "exited" && result.exitCode === 0) return succeed(`${path}.${kind}`);
  return explain(result, { path, kind });
}

const timeoutMs = 10 * 60_000;

function explain(result: CommandResult, { path, kind }: { path: string; kind: Compressed }): Result<never> {
  const { file, debianPackage } = compressors[kind];
  const problem = `${file} could not compress ${path}`;
  const said = result.stderr.trim().split("\n").at(-1);
  switch (result.ending) {
    case "missing": {
      const remedy = `Install ${file} (Debian package ${debianPackage}).`;
      return fail("E_NO_TOOL", `${problem}: this host has no ${file}.`, { path, remedy });
    }
    case "timeout":
      return fail("E_TIMEOUT", `${problem} within ${timeoutMs / 60_000} minutes.`, { path });
    case "cancelled":
      return fail("E_CANCELLED", `${problem}: the run was stopped.`, { path });
    default: {
      const starved = wantOfMemory(result, `${file} ${path}`, result.stderr);
      if (starved) return { ok: false, error: { ...starved, path } };
      const code = /no space left/i.test(result.stderr) ? "E_NO_SPACE" : "E_IO";
      return fail(code, `${problem}: ${said || `it ended with ${result.exitCode}`}.`, { path });
    }
  }
}
