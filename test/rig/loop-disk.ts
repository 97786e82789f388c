import { execFileSync } from "node:child_process";
import fs from "node:fs";

/** A disk of its own in a file, with ext4, that can be made to fail as a broken one does. */
export interface LoopDisk {
  /** What a shell runs to let it fail from now on: what is being written gets EIO, and then it is read-only. */
  readonly failure: string;
  /** Takes it away and back: it is whole again, with what was on it. */
  readonly mend: () => void;
  readonly remove: () => void;
}

/** Mounted on a directory, which is made. Throws where this machine has no loop devices, or no mkfs.ext4. */
export function loopDisk(file: string, directory: string): LoopDisk {
  fs.mkdirSync(directory, { recursive: true });
  fs.writeFileSync(file, "");
  fs.truncateSync(file, 8 << 20);
  execFileSync("mkfs.ext4", ["-q", "-E", "lazy_itable_init=0", file]);
  const mount = (image: string) => execFileSync("mount", ["-o", "loop", image, directory], { stdio: "pipe" });
  const remove = () => execFileSync("umount", [directory]);
  mount(file);
  fs.rmdirSync(`${directory}/lost+found`);
  return {
    failure: `mount -o remount,abort ${directory}`,
    mend: () => {
      remove();
      execFileSync("sync");
      // A build that somebody runs in a mount namespace of its own holds the broken disk on: the same file would be that one.
      const mended = `${file}.mended`;
      fs.copyFileSync(file, mended);
      mount(mended);
    },
    remove,
  };
}

/** Why there can be none here; `undefined` if there can. */
export function loopDiskProblem(): string | undefined {
  const directory = fs.mkdtempSync("/tmp/dkms-agent-disk-");
  try {
    loopDisk(`${directory}/image`, `${directory}/disk`).remove();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.trim() : String(error);
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}
