import path from "node:path";
import type { Host } from "../../host/host.ts";
import { fail, type Result, succeed } from "../failure.ts";
import type { Kernel } from "../kernel.ts";
import { placeBelowRoot } from "./place-below-root.ts";

export interface SignFileRequest {
  readonly kernel: Kernel;
  /** As readDistribution names it. */
  readonly distribution: string;
  /** Of the settings or framework.conf: if it is not there, no other is taken. */
  readonly named: string | undefined;
}

/**
 * The program that signs for a kernel (the order tried with dell/dkms 3.2.2). Debian and Ubuntu
 * have places of their own, and elsewhere, or where those are empty, it is among the kernel's scripts. Fails with
 * E_SIGNING if it is not there, or no program.
 */
export function findSignFile(host: Host, request: SignFileRequest): Result<string> {
  const { kernel, named } = request;
  if (named !== undefined) return checked(host, placeBelowRoot(host, named, kernel.id), kernel);
  const headers = kernel.headers?.directory ?? path.join(kernel.directory, "build");
  const usual = path.join(headers, "scripts/sign-file");
  const own = ownPlaces(host, request).find((place) => host.files.stat(place)?.kind === "file");
  return checked(host, own ?? usual, kernel);
}

function ownPlaces({ paths, findProgram }: Host, { kernel, distribution }: SignFileRequest): readonly string[] {
  const { release } = kernel.id;
  if (distribution.startsWith("debian")) {
    const series = release.replace(/\.[^.]*$/, "");
    return [path.join(paths.usr, `lib/linux-kbuild-${series}/scripts/sign-file`)];
  }
  if (!distribution.startsWith("ubuntu")) return [];
  const kmodsign = findProgram("kmodsign");
  const scripts = path.join(paths.usr, `src/linux-headers-${release}/scripts/sign-file`);
  return kmodsign === undefined ? [scripts] : [kmodsign, scripts];
}

function checked({ files }: Host, program: string, { id }: Kernel): Result<string> {
  const stat = files.stat(program);
  if (stat?.kind === "file" && (stat.mode & 0o111) !== 0) return succeed(program);
  const what = stat === undefined ? "is not there" : "is not a program";
  const remedy = `Install it (Debian: linux-kbuild of ${id.release}), or name another as sign_file.`;
  return fail("E_SIGNING", `Modules for ${id.release} cannot be signed: ${program} ${what}.`, {
    path: program,
    remedy,
  });
}
