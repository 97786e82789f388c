/** One member of an archive that is to be written. Nothing of the machine that writes it goes in: see write-tar.ts. */
export type ArchiveMember = {
  /** Relative, without a slash at the end. */
  readonly name: string;
} & (
  | { readonly kind: "directory" }
  | { readonly kind: "link"; readonly target: string }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "file"; readonly from: string; readonly size: number; readonly executable: boolean }
);
