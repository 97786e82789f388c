/** Something on the command line that cannot be meant; ends in exit code 64. */
export interface UsageError {
  /** What was given, and what is expected. */
  readonly message: string;
  readonly hint?: string;
}
