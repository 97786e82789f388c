/** What the program prints with `--json`, by the names that `dkms-agent schema NAME` knows. Loads no schema. */
export const documentNames = [
  "plan",
  "event",
  "status",
  "history",
  "last-run",
  "import",
  "unprotect",
  "validation",
  "verify",
] as const;

export type DocumentName = (typeof documentNames)[number];
