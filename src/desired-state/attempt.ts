import type { Result } from "../dkms/failure.ts";
import { isSystemError } from "../host/system-error.ts";
import type { Fault } from "./diagnostic.ts";

/** Runs something that reads; what the operating system refuses becomes a fault, every other throw is a bug. */
export function attempt<T>(read: () => T): Result<T, Fault> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return { ok: false, error: unreadable(error.code) };
  }
}

function unreadable(systemCode: string): Fault {
  const known = reasons[systemCode];
  const reason = known ? `${known} (${systemCode})` : systemCode;
  const isRefused = systemCode === "EACCES" || systemCode === "EPERM";
  const hint = isRefused ? { hint: "Run it as root, or make the file and its directories readable." } : {};
  return { code: "E_UNREADABLE", message: `It cannot be read: ${reason}.`, ...hint };
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EIO: "the device reports an error",
  EISDIR: "it is a directory",
  ELOOP: "the symbolic link leads back to itself",
  EMFILE: "too many files are open",
  ENAMETOOLONG: "the name is too long",
  EPERM: "permission denied",
  ESTALE: "the network file system lost it",
};
