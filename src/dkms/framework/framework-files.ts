import path from "node:path";
import type { Host } from "../../host/host.ts";
import { fail, type Result, succeed } from "../failure.ts";
import { ioFailure } from "../io-failure.ts";

export interface FrameworkFile {
  readonly file: string;
  readonly text: string;
}

/** framework.conf and framework.conf.d/*.conf, as far as they are there, in the order in which they are sourced. */
export function frameworkFiles({ files, paths }: Pick<Host, "files" | "paths">): Result<readonly FrameworkFile[]> {
  const main = path.join(paths.dkmsSettings, "framework.conf");
  const found: FrameworkFile[] = [];
  try {
    for (const file of [main, ...fragments(files, `${main}.d`)]) {
      const read = readShellFile(files, file);
      if (!read.ok) return read;
      if (read.value) found.push(read.value);
    }
  } catch (error) {
    return ioFailure(error, `read ${paths.dkmsSettings}`);
  }
  return succeed(found);
}

/** A file that bash would source; `undefined` if it is not there. Fails with E_CONF_INVALID; throws what reading throws. */
export function readShellFile(files: Host["files"], file: string): Result<FrameworkFile | undefined> {
  const stat = files.stat(file);
  if (!stat) return succeed(undefined);
  if (stat.kind !== "file" || stat.size > longest) return unfit(file, stat.kind === "file");
  return succeed({ file, text: files.readText(file) ?? "" });
}

/** As `*.conf`: hidden ones are no match. */
function fragments(files: Host["files"], directory: string): string[] {
  if (files.stat(directory)?.kind !== "directory") return [];
  const names = (files.list(directory) ?? []).map(({ name }) => name);
  return names.filter((name) => /^[^.].*\.conf$/s.test(name)).map((name) => path.join(directory, name));
}

/** In bytes; far more than any real one. */
const longest = 1 << 20;

function unfit(file: string, isFile: boolean): Result<never> {
  const what = isFile ? `has more than ${longest} bytes` : "is not a plain file";
  return fail("E_CONF_INVALID", `${file} ${what}.`, { path: file, remedy: "Correct it, or take it away." });
}
