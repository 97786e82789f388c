import fs from "node:fs";
import os from "node:os";
import path from "node:path";

export interface WithoutPrograms {
  /** Goes in front of a command; it takes root. */
  readonly prefix: readonly string[];
  readonly remove: () => void;
}

/**
 * Runs a program on a machine that lacks others: in a mount namespace of its own, where /usr/bin holds a link to each of
 * its programs but these.
 */
export function withoutPrograms(names: readonly string[]): WithoutPrograms {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "dkms-agent-without-"));
  const present = fs.readdirSync("/usr/bin");
  const hidden = names.flatMap((name) => present.filter((file) => file === name || target(file) === target(name)));
  const script = [
    'mount --bind /usr/bin "$0" && mount -t tmpfs none /usr/bin && "$0/ln" -s "$0"/* /usr/bin || exit 125',
    `"$0/rm" -f ${[...new Set(hidden)].map((name) => `/usr/bin/${name}`).join(" ")}`,
    'exec "$@"',
  ];
  return {
    prefix: ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", script.join("\n"), directory],
    remove: () => fs.rmdirSync(directory),
  };
}

/** gcc is a link to gcc-12, which is one to x86_64-linux-gnu-gcc-12. */
function target(name: string): string {
  const file = `/usr/bin/${name}`;
  return fs.existsSync(file) ? fs.realpathSync(file) : file;
}
