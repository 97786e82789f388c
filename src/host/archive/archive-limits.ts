/** How much an archive may hold. */
export interface ArchiveLimits {
  /** Files, directories and links. */
  readonly entries: number;
  /** Of everything, unpacked: headers and padding too. */
  readonly bytes: number;
  readonly fileBytes: number;
  /** Unpacked to packed; asked only of what is larger than {@link ratioFloor}. */
  readonly ratio: number;
}

/** The largest module package with all its objects has about 1 GB and ten thousand files. */
export const defaultArchiveLimits: ArchiveLimits = {
  entries: 100_000,
  bytes: 4 * 2 ** 30,
  fileBytes: 2 ** 30,
  ratio: 200,
};

/** A small archive of many empty files is packed far better than any real one. */
export const ratioFloor = 64 << 20;
