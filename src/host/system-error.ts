/** A throw of the file system: always with one of the system's codes, mostly with a path. */
export interface SystemError extends Error {
  readonly code: string;
  /** What was asked of the system: `open`, `spawn make`, … */
  readonly syscall: string;
  readonly path?: string;
}

/** What was read; `undefined` if the operating system refused it. Every other throw is a bug, and goes on. */
export function ifReadable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return undefined;
  }
}

/** Whether something caught came from the operating system. */
export function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && "code" in error && typeof error.code === "string" && "syscall" in error;
}

/** Whether the system said that nothing is there: also where a file stands in place of a directory. */
export function isAbsence(error: unknown): error is SystemError {
  return isSystemError(error) && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
