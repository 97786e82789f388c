import { execFileSync } from "node:child_process";

/** Packs a directory, which has an `init`, as the first file system of a kernel; the path of the image, beside it. */
export function packInitramfs(root: string): string {
  const image = `${root}.cpio.gz`;
  execFileSync("sh", ["-c", 'find . | cpio --quiet -o -H newc | gzip -1 > "$1"', "sh", image], { cwd: root });
  return image;
}
