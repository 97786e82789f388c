import { spawnSync } from "node:child_process";

/** The most memory that a script of Node's has had at one time, in millions of bytes, by the kernel's own account. */
export function peakMegabytes(script: readonly string[]): number {
  const tell = "process.on('exit', () => process._rawDebug('peak=' + process.resourceUsage().maxRSS))";
  const preload = `data:text/javascript,${encodeURIComponent(tell)}`;
  const { stderr } = spawnSync(process.execPath, ["--import", preload, ...script], { encoding: "utf8" });
  const [, kilobytes] = /^peak=(\d+)$/m.exec(stderr) ?? [];
  if (kilobytes === undefined) throw new Error(`The script did not tell its peak:\n${stderr}`);
  return (Number(kilobytes) * 1024) / 1e6;
}
