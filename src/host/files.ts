/** What a name in a directory is, without following links. */
export type EntryKind = "file" | "directory" | "link" | "other";

export interface DirectoryEntry {
  readonly name: string;
  readonly kind: EntryKind;
}

export interface FileStat {
  readonly kind: EntryKind;
  readonly size: number;
  /** Permission bits only. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly inode: number;
  readonly device: number;
}

/**
 * The file system. Synchronous on purpose: the scan reads thousands of small files, and a plan must not see one half
 * of them before and the other after a change of its own. All errors are Node's system errors, with `code` and `path`.
 * "Absent" means that the path, or a directory on the way to it, is not there; it is answered with `undefined`, all
 * other trouble is thrown, and the caller decides whether it is a finding or a failure.
 */
export interface Files extends FileReads, FileWrites {}

export interface FileReads {
  /** The entries sorted by name (byte order); `undefined` if absent. */
  readonly list: (directory: string) => readonly DirectoryEntry[] | undefined;
  readonly stat: (path: string) => FileStat | undefined;
  readonly lstat: (path: string) => FileStat | undefined;
  readonly readText: (path: string) => string | undefined;
  /** Of a file that is longer than twice `bytes` the first and the last so many, and a line between them that says so. */
  readonly readEnds: (path: string, bytes: number) => string | undefined;
  readonly readBytes: (path: string) => Uint8Array | undefined;
  /** The target as written; `undefined` if absent or not a link. */
  readonly readLink: (path: string) => string | undefined;
  /** `undefined` if any link on the way dangles. */
  readonly realPath: (path: string) => string | undefined;
  /** Lower-case hexadecimal SHA-256 of the content, read in pieces; `undefined` if absent. */
  readonly sha256: (path: string) => string | undefined;
  /** Whether two files hold the same bytes; cheaper than two digests. False if one is absent. */
  readonly sameContent: (one: string, other: string) => boolean;
}

/** A file that is being written, piece by piece. */
export interface NewFile {
  readonly write: (piece: Uint8Array) => void;
  /** Sets mode and times, and closes. Nothing is forced to the disk. */
  readonly finish: () => void;
  /** Closes what will not be finished. */
  readonly abandon: () => void;
}

export interface CopyFileOptions {
  /** Forces the copy to the disk: for what must survive a power cut, not for scratch space. Default: yes. */
  readonly durable?: boolean;
}

export interface FileWrites {
  /** Creates missing parents too. */
  readonly makeDirectory: (path: string) => void;
  /** A new, empty directory `<prefix>XXXXXX`; its path. */
  readonly makeTemporaryDirectory: (prefix: string) => string;
  /** Whole or not at all: temporary name in the same directory, fsync, rename, fsync of the directory. */
  readonly writeAtomic: (path: string, content: string | Uint8Array, mode?: number) => void;
  /** All of it or nothing: opens, appends, fsyncs, closes. Creates the file with mode 0600. */
  readonly append: (path: string, text: string) => void;
  /** Content, mode and times; fails if `to` exists. By reflink where the file system can. fsyncs, unless told not to. */
  readonly copyFile: (from: string, to: string, options?: CopyFileOptions) => void;
  /**
   * rename(2) and an fsync of the directory: replaces `to` in one moment. A directory that the file system cannot rename,
   * such as one of a lower layer of overlayfs, is copied to where nothing is, and then removed.
   */
  readonly rename: (from: string, to: string) => void;
  /** link(2); throws EPERM or EOPNOTSUPP where the file system has no hard links. */
  readonly link: (existing: string, to: string) => void;
  /** Makes or replaces a symbolic link in one moment. */
  readonly symlinkAtomic: (target: string, path: string) => void;
  /** Removes a file, a link or a whole tree; content that is gone already is fine. Never follows a link. */
  readonly remove: (path: string) => void;
  /** Whether the directory was empty and is now gone. */
  readonly removeIfEmpty: (directory: string) => boolean;
  readonly setMode: (path: string, mode: number) => void;
  /** A file of this mode and time of change (seconds since 1970); fails if anything is there, even a link. */
  readonly create: (path: string, attributes: { readonly mode: number; readonly mtime: number }) => NewFile;
}
