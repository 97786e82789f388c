import type { Host } from "../host/host.ts";
import { compressors } from "./compress-object.ts";
import type { DkmsConf } from "./conf/dkms-conf.ts";
import type { Compression } from "./kernel.ts";
import type { KernelConfig } from "./kernel-config.ts";

/** The programs that the kernel was built with, and so the module must be. */
export interface Toolchain {
  /** `undefined`: the kernel's Makefile chooses. */
  readonly cc: string | undefined;
  readonly ld: string | undefined;
  /** The kernel was built by clang: make gets LLVM=1, strip is llvm-strip. */
  readonly llvm: boolean;
  /** What make gets in its environment: CC, KERNEL_CC, LD, KERNEL_LD. */
  readonly env: Readonly<Record<string, string>>;
}

/** What {@link missingTools} must know of a build. */
export interface ToolNeeds {
  readonly conf: DkmsConf;
  readonly toolchain: Toolchain;
  readonly compression: Compression;
}

/**
 * The compiler and linker for a kernel, as dell/dkms 3.2.2 chooses them: clang and ld.lld if the kernel was built with
 * them, else the first word of CONFIG_CC_VERSION_TEXT; each only if this host has that program. Where an old kernel's
 * configuration does not tell the compiler, the vmlinux in `headersDirectory` may: a build tree has one.
 */
export function chooseToolchain(
  host: Pick<Host, "files" | "findProgram">,
  config: KernelConfig,
  headersDirectory?: string,
): Toolchain {
  const here = (name: string) => (name !== "" && host.findProgram(name) !== undefined ? name : undefined);
  const isClang = config.get("CONFIG_CC_IS_CLANG") === "y";
  const [named = ""] = (config.get("CONFIG_CC_VERSION_TEXT") ?? "").split(" ");
  const cc = (isClang ? here("clang") : undefined) ?? here(named);
  const ld = config.get("CONFIG_LD_IS_LLD") === "y" ? here("ld.lld") : undefined;
  return {
    cc,
    ld,
    llvm: isClang || (config.get("CONFIG_CC_IS_GCC") !== "y" && madeByClang(host, headersDirectory)),
    env: { ...(cc ? { CC: cc, KERNEL_CC: cc } : {}), ...(ld ? { LD: ld, KERNEL_LD: ld } : {}) },
  };
}

/** SHA-256 of the compiler's program file, links resolved; `undefined` if there is none. */
export function compilerDigest(host: Pick<Host, "files" | "findProgram">, { cc, llvm }: Toolchain): string | undefined {
  const program = host.findProgram(cc ?? (llvm ? "clang" : usualCompiler));
  return program === undefined ? undefined : host.files.sha256(program);
}

/** The names of the programs that a build needs and that are not on this host. */
export function missingTools(host: Pick<Host, "findProgram">, needs: ToolNeeds): readonly string[] {
  const { conf, toolchain, compression } = needs;
  const strip = toolchain.llvm ? "llvm-strip" : "strip";
  const tools = [
    "bash",
    "make",
    toolchain.cc ?? (toolchain.llvm ? "clang" : usualCompiler),
    ...(toolchain.ld ? [toolchain.ld] : []),
    ...(conf.objects.some((object) => object.strip) ? [strip] : []),
    ...(conf.patches.length > 0 ? ["patch"] : []),
    ...(compression === "none" ? [] : [compressors[compression].file]),
  ];
  return [...new Set(tools)].filter((tool) => host.findProgram(tool) === undefined);
}

/** What the kernel's Makefile takes when nobody says anything. */
const usualCompiler = "gcc";

/** The note that clang leaves in .comment; only a build tree has a vmlinux, packaged headers do not. */
function madeByClang({ files }: Pick<Host, "files">, headersDirectory: string | undefined): boolean {
  if (headersDirectory === undefined) return false;
  const vmlinux = files.readBytes(`${headersDirectory}/vmlinux`);
  return vmlinux !== undefined && Buffer.from(vmlinux).includes("clang version");
}
