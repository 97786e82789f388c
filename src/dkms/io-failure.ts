import { isSystemError, type SystemError } from "../host/system-error.ts";
import { type Failure, fail } from "./failure.ts";

/**
 * What the operating system refused, as a failure with a remedy: E_NO_SPACE, E_READ_ONLY, E_PERMISSION or E_IO. Anything
 * else that was thrown is a bug, and is thrown on.
 *
 * @param doing what was being done, to what: "copy the source of demo/1.0"
 */
export function ioFailure(error: unknown, doing: string): { readonly ok: false; readonly error: Failure } {
  if (!isSystemError(error)) throw error;
  const path = placeOf(error);
  const where = path === undefined ? "" : ` at ${path}`;
  const more = path === undefined ? {} : { path };
  switch (error.code) {
    case "ENOSPC":
    case "EDQUOT": {
      const remedy = `Free space on the file system ${path === undefined ? "" : `of ${path} `}(df and df -i show it).`;
      return fail("E_NO_SPACE", `Cannot ${doing}: no space left${where}.`, { ...more, remedy });
    }
    case "EROFS": {
      const remedy = "Mount it writable, or name other trees (--dkms-tree, --source-tree, --install-tree).";
      return fail("E_READ_ONLY", `Cannot ${doing}: the file system is read-only${where}.`, { ...more, remedy });
    }
    case "EACCES":
    case "EPERM":
      return fail("E_PERMISSION", `Cannot ${doing}: permission denied${where}.`, {
        ...more,
        remedy: "Run it as root.",
      });
    default:
      return fail("E_IO", `Cannot ${doing}: ${error.message}.`, more);
  }
}

/** Of a copy, a link or a rename the place that was written to. */
function placeOf(error: SystemError): string | undefined {
  return "dest" in error && typeof error.dest === "string" ? error.dest : error.path;
}
