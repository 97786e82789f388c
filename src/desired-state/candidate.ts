/** A document that is not where it belongs yet: whoever reads the documents reads it as if it were. */
export interface Candidate {
  /** Where its text is; absolute. */
  readonly file: string;
  /** Where it would stand, with or without a document there now; absolute. Its relative paths count from there. */
  readonly place: string;
}

/** Where the text of a document is. */
export function whereToRead(place: string, candidate: Candidate | undefined): string {
  return place === candidate?.place ? candidate.file : place;
}
