import path from "node:path";
import { temporaryPrefix } from "../host/local-files.ts";
import { isSystemError, type SystemError } from "../host/system-error.ts";
import { type Failure, fail } from "./failure.ts";
import { moreMemory, moreProcesses } from "./want-of-memory.ts";

/**
 * What the operating system refused, as a failure with a remedy: E_NO_SPACE, E_READ_ONLY, E_PERMISSION, E_NO_MEMORY or
 * E_IO. Anything else that was thrown is a bug, and is thrown on.
 *
 * @param doing what was being done, to what: "copy the source of demo/1.0"
 */
export function ioFailure(error: unknown, doing: string): { readonly ok: false; readonly error: Failure } {
  if (!isSystemError(error)) throw error;
  const { place, directory } = placeOf(error);
  const where = place === undefined ? "" : ` at ${place}`;
  const more = place === undefined ? {} : { path: place };
  const ofPlace = directory === undefined ? "" : ` of ${directory}`;
  switch (error.code) {
    case "ENOSPC": {
      const remedy = `Free space, or inodes, on the file system${ofPlace} (df and df -i show them).`;
      return fail("E_NO_SPACE", `Cannot ${doing}: no space left${where}.`, { ...more, remedy });
    }
    case "EDQUOT": {
      const remedy = `Free space, or raise the quota, on the file system${ofPlace} (quota shows it).`;
      return fail("E_NO_SPACE", `Cannot ${doing}: the disk quota is used up${where}.`, { ...more, remedy });
    }
    case "EROFS": {
      const remedy =
        "Mount it writable, or name another place (of the trees: --dkms-tree, --source-tree, --install-tree). If it became so by itself, see dmesg: the disk may have faults.";
      return fail("E_READ_ONLY", `Cannot ${doing}: the file system is read-only${where}.`, { ...more, remedy });
    }
    case "EACCES":
    case "EPERM":
      return fail("E_PERMISSION", `Cannot ${doing}: permission denied${where}.`, {
        ...more,
        remedy:
          "Run it as root. What refuses root too: an immutable file (lsattr), a mount over the network, a sandbox around this program.",
      });
    case "ENOMEM":
      return fail("E_NO_MEMORY", `Cannot ${doing}: the system has no memory left (${error.message}).`, {
        ...more,
        remedy: `${moreMemory} Then run it again.`,
      });
    case "EAGAIN":
      return fail("E_NO_MEMORY", `Cannot ${doing}: the system allows no more processes (${error.message}).`, {
        ...more,
        remedy: moreProcesses,
      });
    case "EIO":
      return fail("E_IO", `Cannot ${doing}: the disk failed${where} (${error.message}).`, {
        ...more,
        remedy: "See dmesg: the disk, or what carries it, has faults. Mend or replace it, then run it again.",
      });
    default:
      return fail("E_IO", `Cannot ${doing}: ${error.message}.`, more);
  }
}

interface Place {
  readonly place?: string;
  /** In which it is; the file may not be there, and then df says nothing of it. */
  readonly directory?: string;
}

/** Of a copy, a link or a rename the place that was written to; of a hidden name of our own the directory that it is in. */
function placeOf(error: SystemError): Place {
  const place = "dest" in error && typeof error.dest === "string" ? error.dest : error.path;
  if (!place?.startsWith("/")) return {};
  const parts = place.split("/");
  const hidden = parts.findIndex((part) => part.startsWith(temporaryPrefix));
  if (hidden < 0) return { place, directory: path.dirname(place) };
  const directory = parts.slice(0, hidden).join("/");
  return { place: directory, directory };
}
