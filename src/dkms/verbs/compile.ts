import type { CommandResult } from "../../host/run.ts";
import { applyPatches } from "../apply-patches.ts";
import { fail, type Result } from "../failure.ts";
import { instanceAddress } from "../id.ts";
import { kernelConfigFile } from "../kernel-config.ts";
import { makeCommand } from "../make-command.ts";
import { runScript } from "../run-script.ts";
import { endedFirst, wantOfMemory } from "../want-of-memory.ts";
import { jobsOf, type Making } from "./build-job.ts";
import { logLimit } from "./build-log.ts";

/** Compiles what has been copied to the build directory: patches, PRE_BUILD, make. Returns notices. */
export async function compile(making: Making): Promise<Result<readonly string[]>> {
  const { host, job, env, log, timeLeft } = making;
  const { directory } = making.workspace;
  const patched = await applyPatches(host, {
    patches: job.conf.patches,
    directory,
    timeoutMs: timeLeft,
    run: (shown, command) => log.run({ title: "PATCH", shown }, command),
  });
  if (!patched.ok) return patched;
  const line = job.conf.scripts.preBuild;
  const said = await runScript(host, {
    name: "PRE_BUILD",
    line,
    directory,
    env,
    timeoutMs: timeLeft(),
    run: (command) => log.run({ title: "PRE_BUILD", shown: line ?? "" }, command),
    written: log.text,
  });
  if (!said.ok) return said;
  const failure = await runMake(making);
  return failure ?? said;
}

/** What a MAKE line may use beside the environment: dell/dkms evaluates it where its own variables are (tried). */
const makeScript = `eval "$7"; ${endedFirst}; umask 022; dkms_tree=$1 source_tree=$2 install_tree=$3 kernel_source_dir=$4 kernel_config=$5; eval "$6"`;

async function runMake(making: Making): Promise<Result<never> | undefined> {
  const { host, job, env, log, timeLeft } = making;
  const { directory } = making.workspace;
  const { dkmsTree, sourceTree, installTree } = host.paths;
  const { instance, kernel, conf, options, toolchain } = job;
  const pool = options.alone ? undefined : options.pool;
  const jobs = pool ? undefined : jobsOf(host, options);
  const line = makeCommand(conf, { kernel, dkmsTree, module: instance.module, jobs, llvm: toolchain.llvm });
  const headers = kernel.headers?.directory ?? "";
  const config = kernelConfigFile(host, kernel);
  const own = [dkmsTree, sourceTree, installTree, headers, config];
  const args = ["-c", makeScript, "bash", ...own, line, pool?.enter ?? ""];
  const sharing = pool && { descriptors: [pool.descriptor] };
  const makeEnv = { ...env, ...pool?.env, PWD: directory };
  const command = { file: "bash", args, cwd: directory, env: makeEnv, timeoutMs: timeLeft(), ...sharing };
  return explain(making, await log.run({ title: "MAKE", shown: line }, command));
}

function explain({ host, job, log }: Making, result: CommandResult): Result<never> | undefined {
  const { ending, exitCode } = result;
  const address = instanceAddress(job.instance);
  switch (ending) {
    case "missing":
      return fail("E_NO_TOOL", "make cannot run: this host has no bash.", { remedy: "Install bash." });
    case "timeout":
      return fail("E_TIMEOUT", `The build of ${address} was ended: its time was over.`, {
        remedy: "See in the log where it hung, or give it a longer timeout.",
      });
    case "cancelled":
      return fail("E_CANCELLED", `The run was stopped during the build of ${address}.`);
    case "flood":
      return fail("E_MAKE", `The build of ${address} was ended: its log grew larger than ${logLimit >> 20} MiB.`, {
        remedy: "See in the log what it writes again and again.",
        dkmsExit: 10,
      });
    default: {
      if (ending === "exited" && exitCode === 0) return undefined;
      const text = log.text();
      if (/No space left on device/.test(text))
        return fail("E_NO_SPACE", `The build of ${address} found no space left on the device.`, {
          path: host.paths.dkmsTree,
          remedy: `Free space on the file system of ${host.paths.dkmsTree} or of the temporary directory.`,
        });
      const starved = wantOfMemory(result, `the build of ${address}`, text);
      if (starved) return { ok: false, error: { ...starved, dkmsExit: 10 } };
      return fail("E_MAKE", `make ended with exit code ${exitCode} for ${address}.`, {
        remedy: "Read the log: mostly the module's source does not support this kernel, and a newer version does.",
        dkmsExit: 10,
      });
    }
  }
}
