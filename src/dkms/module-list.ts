import type { Host } from "../host/host.ts";
import type { KernelId } from "./id.ts";
import { kernelNameOf } from "./loaded-name.ts";
import { inside } from "./path-component.ts";
import { kernelDirectory } from "./tree-layout.ts";

/** What depmod has written of a kernel: where modprobe looks. Thousands of lines, of which hardly anybody asks for three. */
export interface ModuleList {
  /** What has to be loaded before an object, as modules.dep says; `undefined` if that does not name the object. */
  readonly needs: (object: string) => readonly string[] | undefined;
  /** Whether modules.dep.bin, which modprobe reads instead, names the object too. */
  readonly isIndexed: (object: string) => boolean;
  /** Whether a name, as the kernel has it, is of something that is built into the kernel. */
  readonly isBuiltIn: (name: string) => boolean;
}

/**
 * `undefined` where depmod has never been: modules.dep is absent. Objects are named below the kernel's directory, or
 * absolutely. Throws what the file system throws.
 */
export function readModuleList(
  { files, paths }: Pick<Host, "files" | "paths">,
  kernel: KernelId,
): ModuleList | undefined {
  const directory = kernelDirectory(paths, kernel.release);
  // A FIFO would be waited for without end.
  const read = (name: string) => {
    const place = inside(directory, name);
    return files.stat(place)?.kind === "file" ? files.readBytes(place) : undefined;
  };
  const list = read("modules.dep");
  if (!list) return undefined;
  const lines = Buffer.concat([newline, list]);
  const index = Buffer.from(read("modules.dep.bin") ?? []);
  let builtIn: ReadonlySet<string> | undefined;
  return {
    needs: (object) => {
      const start = lines.indexOf(`\n${object}:`);
      if (start < 0) return undefined;
      const end = lines.indexOf(newline, start + 1);
      const line = lines.toString("utf8", start + 1, end < 0 ? lines.length : end);
      return line
        .slice(object.length + 1)
        .split(" ")
        .filter(Boolean);
    },
    // Its values are the lines of modules.dep (depmod.c of kmod: output_deps_bin).
    isIndexed: (object) => index.includes(`${object}:`),
    isBuiltIn: (name) => {
      builtIn ??= namesIn(String(read("modules.builtin") ?? ""));
      return builtIn.has(name);
    },
  };
}

const newline = Buffer.from("\n");

function namesIn(text: string): ReadonlySet<string> {
  return new Set(text.split("\n").map(kernelNameOf));
}
