import path from "node:path";
import type { Host } from "../host/host.ts";
import { readDistribution } from "./destination.ts";

/**
 * The architecture of a kernel's package where rpm knows it, which is what dell/dkms calls its directories by there: it can
 * be another than `uname -m` says, such as armv7hl for armv7l, or x86_64_v2. `undefined` where uname is right: on
 * distributions that dell/dkms 3.2.2 does not ask rpm on (tried), below another root, and for a kernel of no package.
 */
export async function packageArch(host: Host, release: string): Promise<string | undefined> {
  const { root, machine, findProgram, paths, run } = host;
  if (root !== "/" || withoutRpm.test(readDistribution(host)) || findProgram("rpm") === undefined) return undefined;
  // Fedora's and RHEL's kernels have it in their names, and most hosts start nothing for it.
  if (release.endsWith(`.${machine.arch}`)) return undefined;
  // Nothing but rpm's database tells, whose format is its own.
  const place = path.join(paths.installTree, release);
  const args = ["-qf", "--queryformat", "%{ARCH}\\n", place];
  const { ending, exitCode, stdout } = await run({ file: "rpm", args, timeoutMs: 30_000 });
  const arch = ending === "exited" && exitCode === 0 ? stdout.split("\n")[0] : undefined;
  return arch && /^[a-z]\w*$/i.test(arch) && arch !== "noarch" ? arch : undefined;
}

const withoutRpm = /^(debian|ubuntu|arch|gentoo)/;
