import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** As dpkg does it: fcntl(2) with F_SETLK, over the whole file that is named first. */
export const takingLock = "import fcntl, sys\nfile = open(sys.argv[1], 'w')\nfcntl.lockf(file, fcntl.LOCK_EX)\n";

/** Holds a lock as dpkg does, until its input ends. */
export async function holdLock(file: string): Promise<ChildProcess> {
  const script = `${takingLock}print('held', flush=True)\nsys.stdin.read()\n`;
  const holder = spawn("python3", ["-c", script, file], { stdio: ["pipe", "pipe", "inherit"] });
  await once(holder.stdout, "data");
  return holder;
}
