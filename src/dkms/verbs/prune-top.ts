import path from "node:path";

/** Where to stop removing empty directories above a file: a kernel and its own kernel/ stay, even if they are empty. */
export function pruneTop(kernel: string, file: string): string {
  const own = path.join(kernel, "kernel");
  return file.startsWith(`${own}/`) ? own : kernel;
}
