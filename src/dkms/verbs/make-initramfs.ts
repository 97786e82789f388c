import type { Host } from "../../host/host.ts";
import type { Command, CommandResult } from "../../host/run.ts";
import { dpkgAtWork } from "../dpkg-at-work.ts";
import { type Failure, fail, type Result, succeed } from "../failure.ts";
import type { KernelId } from "../id.ts";
import {
  declinedRemedy,
  findInitramfs,
  findInitramfsMaker,
  type InitramfsImage,
  type InitramfsMaker,
  initramfsMakers,
  installedObjectsDigest,
  writeInitramfsRecord,
} from "../initramfs.ts";
import { type Done, noUndo } from "./verb.ts";

export interface InitramfsOptions {
  /** Modules that are asked to be in it. What goes into it is for its maker to decide. */
  readonly names: readonly string[];
  /** Somebody else makes it right after this run, as the packages of a kernel do: only note what it then holds. */
  readonly left: boolean;
}

/**
 * Makes the initramfs of a kernel again, with the maker that the host has, in the place where it is; notes what of the
 * modules it was made from. There is nothing to undo: it is made from what is installed, and what it was before still boots.
 *
 * Two at once would write one file. So it is left alone while a dpkg is at work that has not called us: it may be just
 * about to make it, and waits for our lock where it calls a hook of ours.
 *
 * Fails with E_INITRAMFS, E_NO_TOOL, E_TIMEOUT or E_CANCELLED, or what the file system says.
 */
export async function makeInitramfs(host: Host, kernel: KernelId, options: InitramfsOptions): Promise<Result<Done>> {
  const { names, left } = options;
  // What changes while it is made is not known to be in it.
  const digests = names.flatMap((name) => {
    const digest = installedObjectsDigest(host, name, kernel);
    return digest === undefined ? [] : [[name, digest] as const];
  });
  const modules = new Map(digests);
  const image = findInitramfs(host, kernel);
  if (left) {
    writeInitramfsRecord(host, kernel, { modules, pending: { mark: image?.mark, declined: undefined } });
    return succeed({ changed: true, notices: ["It is left to the hook that makes it next."], undo: noUndo });
  }
  if (!image) {
    const notice = `There is no initramfs of ${kernel.release}, so none is made again.`;
    return succeed({ changed: false, notices: [notice], undo: noUndo });
  }
  const maker = findInitramfsMaker(host);
  if (!maker) {
    const message = `This host has none of ${initramfsMakers.join(", ")}, which make an initramfs.`;
    return fail("E_NO_TOOL", message, { remedy: "Install initramfs-tools or dracut." });
  }
  const dpkg = dpkgAtWork(host);
  if (dpkg !== undefined) {
    const message = `The initramfs of ${kernel.release} is not made while dpkg is at work (process ${dpkg}), which may be making it.`;
    return fail("E_INITRAMFS", message, { remedy: "The next apply makes it." });
  }
  const command = commandOf(maker, image, kernel);
  const result = await host.run(command);
  const failure = explain(result, command, kernel);
  if (failure) return { ok: false, error: failure };
  const isMade = findInitramfs(host, kernel)?.mark !== image.mark;
  const declined = `${maker} has left it as it was${said(result)}`;
  writeInitramfsRecord(host, kernel, { modules, pending: isMade ? undefined : { mark: image.mark, declined } });
  if (isMade) return succeed({ changed: true, notices: [], undo: noUndo });
  const message = `The initramfs of ${kernel.release}, ${image.path}, does not hold what is installed: ${declined}.`;
  return fail("E_INITRAMFS", message, { remedy: `${declinedRemedy}.` });
}

/** A slow disk and an image of everything take minutes. */
const timeoutMs = 20 * 60_000;

/** dracut is told the place: left to itself it writes where Fedora's boot loader looks, also on Debian. */
function commandOf(maker: InitramfsMaker, { path }: InitramfsImage, { release }: KernelId): Command {
  switch (maker) {
    case "update-initramfs":
      return { file: maker, args: ["-u", "-k", release], timeoutMs };
    case "dracut":
      return { file: maker, args: ["--force", path, release], timeoutMs };
    case "mkinitcpio":
      return { file: maker, args: ["-P"], timeoutMs };
  }
}

function explain(result: CommandResult, { file, args }: Command, { release }: KernelId): Failure | undefined {
  const line = [file, ...args].join(" ");
  switch (result.ending) {
    case "missing":
      return fail("E_NO_TOOL", `${file} is not there any more.`, { remedy: "Install initramfs-tools or dracut." })
        .error;
    case "timeout":
      return fail("E_TIMEOUT", `${line} was ended after ${timeoutMs / 60_000} minutes.`).error;
    case "cancelled":
      return fail("E_CANCELLED", `The run was stopped during ${line}.`).error;
    default: {
      if (result.exitCode === 0) return undefined;
      const how = result.ending === "exited" ? `exit code ${result.exitCode}` : "it was killed";
      const message = `The initramfs of ${release} could not be made: ${line} failed (${how})${said(result)}.`;
      const remedy = `What is installed stays. Run ${line} by hand to see everything it says; the next apply tries it again.`;
      return fail("E_INITRAMFS", message, { remedy }).error;
    }
  }
}

function said({ stdout, stderr }: CommandResult): string {
  const last = `${stdout}\n${stderr}`.trim().split("\n").at(-1) ?? "";
  return last === "" ? "" : `: ${last.replace(/\.$/, "")}`;
}
