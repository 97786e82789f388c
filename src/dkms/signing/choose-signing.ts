import type { Host } from "../../host/host.ts";
import { readDistribution } from "../destination.ts";
import { fail, type Result, succeed } from "../failure.ts";
import type { Framework } from "../framework/framework.ts";
import { readFramework } from "../framework/read-framework.ts";
import { ioFailure } from "../io-failure.ts";
import type { Kernel } from "../kernel.ts";
import { readKernelConfig } from "../kernel-config.ts";
import { choosePair } from "./choose-pair.ts";
import { findSignFile } from "./find-sign-file.ts";
import { prepareKeys } from "./prepare-keys.ts";
import type { SigningChoice, SigningSettings } from "./signing.ts";

/**
 * Decides how modules for a kernel are signed, before they are built; makes the key if there is none yet.
 * Settings come first, then framework.conf as it reads for this kernel, then what the distribution is used to.
 *
 * What is missing (a kernel that knows no signatures, sign-file, openssl, half of a key pair) is E_SIGNING where signing
 * is required, and otherwise a choice of `unsigned` with a notice. Fails also as readFramework does.
 */
export async function chooseSigning(
  host: Host,
  kernel: Kernel,
  settings: SigningSettings,
): Promise<Result<SigningChoice>> {
  const { policy } = settings;
  if (policy === "off")
    return succeed({ kind: "unsigned", reason: "Signing is switched off in the settings.", notices: [] });
  const framework = await readFramework(host, kernel.id);
  if (!framework.ok) return framework;
  const found = await prepare(host, kernel, { settings, framework: framework.value });
  if (found.ok) {
    const { notices, ...signing } = found.value;
    return succeed({ kind: "sign", signing: { ...signing, policy }, notices });
  }
  if (found.error.code !== "E_SIGNING" || policy === "required") return found;
  const { message, remedy } = found.error;
  const notices = [remedy === undefined ? message : `${message} ${remedy}`];
  return succeed({ kind: "unsigned", reason: message, notices });
}

interface Sources {
  readonly settings: SigningSettings;
  readonly framework: Framework;
}

interface Prepared {
  readonly hash: string;
  readonly signFile: string;
  readonly key: string;
  readonly certificate: string;
  readonly notices: readonly string[];
}

async function prepare(host: Host, kernel: Kernel, { settings, framework }: Sources): Promise<Result<Prepared>> {
  try {
    const hash = readKernelConfig(host, kernel).get("CONFIG_MODULE_SIG_HASH");
    if (!hash) return noHash(kernel);
    const named = settings.signFile ?? framework.signFile;
    const signFile = findSignFile(host, { kernel, distribution: readDistribution(host), named });
    if (!signFile.ok) return signFile;
    const keys = await prepareKeys(host, choosePair(host, { kernel: kernel.id, settings, framework }));
    if (!keys.ok) return keys;
    return succeed({ hash, signFile: signFile.value, ...keys.value });
  } catch (error) {
    return ioFailure(error, `prepare to sign modules for ${kernel.id.release}`);
  }
}

function noHash({ id, headers, directory }: Kernel): Result<never> {
  const message = `Modules for ${id.release} cannot be signed: its configuration has no CONFIG_MODULE_SIG_HASH.`;
  const remedy = 'This kernel checks no signatures; write "signing: off" if that is meant.';
  return fail("E_SIGNING", message, { path: headers?.directory ?? `${directory}/build`, remedy });
}
