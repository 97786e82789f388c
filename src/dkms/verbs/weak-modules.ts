import path from "node:path";
import type { Host } from "../../host/host.ts";
import type { DkmsConf } from "../conf/dkms-conf.ts";
import { readDistribution } from "../destination.ts";
import type { InstanceId } from "../id.ts";
import { instanceEnvironment, scriptTimeoutMs } from "../run-script.ts";

/** Objects that have just been installed, or are about to go. */
export interface WeakModulesCall {
  readonly action: "add" | "remove";
  readonly instance: InstanceId;
  /** `undefined`: it cannot be evaluated. */
  readonly conf: DkmsConf | undefined;
  /** Absolute paths in the install tree. */
  readonly objects: readonly string[];
}

/**
 * Tells the distribution's weak-modules, which lets kernels that are compatible use each other's modules by links in
 * weak-updates: on RHEL and SUSE and what is like them, unless dkms.conf says NO_WEAK_MODULES; with the objects on stdin
 * (tried with dell/dkms 3.2.2, which gives SUSE's the text `${kernelver}` where it expects the release). It knows the
 * running system's /lib/modules alone, and nothing of ours depends on it: what goes wrong is a notice.
 */
export async function callWeakModules(host: Host, call: WeakModulesCall): Promise<readonly string[]> {
  const { action, instance, conf, objects } = call;
  const { release } = instance.kernel;
  const program = programs.find(({ names }) => names.test(readDistribution(host)));
  if (!program || conf?.noWeakModules || objects.length === 0) return [];
  const file = path.join(host.paths.usr, program.file);
  if (host.root !== "/" || host.paths.installTree !== "/lib/modules")
    return [`weak-modules is not run: it works on /lib/modules, not on ${host.paths.installTree}.`];
  const result = await host.run({
    file,
    args: program.words(action, release),
    env: instanceEnvironment(instance),
    input: `${objects.join("\n")}\n`,
    timeoutMs: scriptTimeoutMs,
    // What has been changed, or taken back, is so, whatever else is stopped.
    evenWhenStopping: true,
  });
  if (result.ending === "missing") return [`weak-modules is not run: ${file} is not there.`];
  if (result.ending === "exited" && result.exitCode === 0) return [];
  const how = result.ending === "exited" ? `ended with exit code ${result.exitCode}` : `was ended (${result.ending})`;
  const said = result.stderr.trim().split("\n").at(-1);
  return [`${file} ${how}${said ? `: ${said}` : ""}.`];
}

interface Program {
  /** Beginnings of a distribution's name. */
  readonly names: RegExp;
  /** Below /usr. */
  readonly file: string;
  readonly words: (action: WeakModulesCall["action"], release: string) => readonly string[];
}

const programs: readonly Program[] = [
  {
    names: /^rhel/,
    file: "sbin/weak-modules",
    words: (action) => ["--no-initramfs", `--${action}-modules`],
  },
  {
    names: /^(suse|opensuse|sles)/,
    file: "lib/module-init-tools/weak-modules2",
    words: (action, release) => [`--${action}-kernel-modules`, release],
  },
];
