/** What a verb did. The command line says it and commits; an apply may take it back later. */
export interface Done {
  /** False: it was so already. */
  readonly changed: boolean;
  /** Things to tell: warnings of scripts, deprecated directives, skipped work. One sentence each. */
  readonly notices: readonly string[];
  readonly undo: Undo;
}

/** How to take a change back, until it is committed. Both may be called once, and only one of them. */
export interface Undo {
  /** Puts everything back as it was, byte for byte. Throws only what the file system throws. */
  readonly restore: () => void;
  /** To be called after it: tells programs of the distribution, which have heard of the change; what there is to say. */
  readonly afterRestore?: () => Promise<readonly string[]>;
  /** Throws away what `restore` would have needed. */
  readonly commit: () => void;
}

/** Of a change that has nothing to take back. */
export const noUndo: Undo = { restore: () => {}, commit: () => {} };
