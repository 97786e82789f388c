/** Shells for which there is a completion. */
export const shells = ["bash", "zsh", "fish"] as const;
