/** What can be wrong with an archive. The message completes a sentence that begins with the archive's name. */
export interface ArchiveFault extends Error {
  /** `damaged`: it cannot be read to its end. `refused`: it holds what no archive of ours may. `limit`: too much of it. */
  readonly fault: "damaged" | "refused" | "limit";
}

/** Thrown inside of the reader, where a value would have to be passed through four streams; caught by who started it. */
export function archiveFault(fault: ArchiveFault["fault"], message: string): ArchiveFault {
  return Object.assign(new Error(message), { fault });
}

/** Whether something caught was thrown by {@link archiveFault}. */
export function isArchiveFault(error: unknown): error is ArchiveFault {
  return error instanceof Error && "fault" in error;
}
