import fs from "node:fs";

/**
 * Where the kernel counts the programs that its out-of-memory killer has ended: in the memory group of this program, to which
 * those that it starts belong, else on the whole machine (cgroups(7), proc(5): vmstat; from Linux 4.13). What it returns
 * reads the number; `undefined` where that is not told.
 */
export function findOomCounter(): () => number | undefined {
  const file = [...groupFiles(), "/proc/vmstat"].find((one) => readCount(one) !== undefined);
  return () => (file === undefined ? undefined : readCount(file));
}

/** As systemd mounts them; in a container the own group is the root of what it sees. */
function groupFiles(): readonly string[] {
  return (read("/proc/self/cgroup") ?? "").split("\n").flatMap((line) => {
    const [, id, controllers = "", group = ""] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers.split(",").includes("memory")) return [`/sys/fs/cgroup/memory${group}/memory.oom_control`];
    return id === "0" ? [`/sys/fs/cgroup${group}/memory.events`] : [];
  });
}

function readCount(file: string): number | undefined {
  const count = /^oom_kill (\d+)$/m.exec(read(file) ?? "")?.[1];
  return count === undefined ? undefined : Number(count);
}

function read(file: string): string | undefined {
  try {
    return fs.readFileSync(file, "latin1");
  } catch {
    return undefined;
  }
}
