/** A block of bzip2: its bytes, in the order of its rotations, are elsewhere. */
export interface SortedBlock {
  readonly length: number;
  /** Which of the rotations is the block itself. */
  readonly origin: number;
}
