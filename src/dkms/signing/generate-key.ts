import path from "node:path";
import type { Host } from "../../host/host.ts";
import { linkOrCopy } from "../../host/link-or-copy.ts";
import type { CommandResult } from "../../host/run.ts";
import { fail, type Result, succeed } from "../failure.ts";
import { ioFailure } from "../io-failure.ts";
import { certificateName, completePair, keyName, makingPrefix } from "./complete-pair.ts";
import type { KeyPair } from "./signing.ts";

/**
 * Makes a signing key (PEM, mode 0600) and its self-signed certificate (DER) with openssl, as dell/dkms does: RSA 2048,
 * 36500 days, for code signing. Whether they were made: false if both are there already. Nothing that is there is ever
 * overwritten; half of a pair is E_SIGNING, and so is an openssl that is missing or fails.
 */
export async function generateKey(host: Pick<Host, "files" | "run">, pair: KeyPair): Promise<Result<boolean>> {
  try {
    completePair(host, pair);
    const there = whatIsThere(host, pair);
    if (there) return there;
    host.files.makeDirectory(path.dirname(pair.key));
    host.files.makeDirectory(path.dirname(pair.certificate));
    const scratch = host.files.makeTemporaryDirectory(path.join(path.dirname(pair.key), makingPrefix));
    try {
      const failure = await makePair(host, scratch);
      if (failure) return failure;
      // Somebody else may have made a pair meanwhile; then that one counts.
      return whatIsThere(host, pair) ?? placePair(host, scratch, pair);
    } finally {
      host.files.remove(scratch);
    }
  } catch (error) {
    return ioFailure(error, `make the signing key ${pair.key}`);
  }
}

/** `undefined`: neither half. */
function whatIsThere({ files }: Pick<Host, "files">, { key, certificate }: KeyPair): Result<boolean> | undefined {
  const missing = [key, certificate].filter((file) => files.stat(file)?.kind !== "file");
  if (missing.length === 0) return succeed(false);
  // A dangling link is half of a pair too: it would be written through, or over.
  const found = [key, certificate].find((file) => files.lstat(file) !== undefined);
  if (found === undefined) return undefined;
  const [path = certificate] = missing;
  return fail("E_SIGNING", `${found} is there, but ${path} is not a file: the signing key is not complete.`, {
    path,
    remedy: `Put ${path} back. Or take ${found} away, and a new pair is made, which must be enrolled again.`,
  });
}

async function makePair(
  { run, files }: Pick<Host, "run" | "files">,
  scratch: string,
): Promise<Result<never> | undefined> {
  const [key, certificate] = [path.join(scratch, keyName), path.join(scratch, certificateName)];
  const result = await run({
    file: "openssl",
    args: [
      ...["req", "-new", "-x509", "-nodes", "-days", "36500", "-subj", "/CN=DKMS module signing key"],
      ...["-newkey", "rsa:2048", "-keyout", key, "-addext", "extendedKeyUsage=codeSigning"],
      ...["-outform", "DER", "-out", certificate],
    ],
    timeoutMs: 120_000,
  });
  const isMade = result.ending === "exited" && result.exitCode === 0 && files.stat(key) && files.stat(certificate);
  return isMade ? undefined : notMade(result);
}

function notMade(result: CommandResult): Result<never> {
  if (result.ending === "cancelled") return fail("E_CANCELLED", "Stopped while the signing key was made.");
  if (result.ending === "missing")
    return fail("E_SIGNING", "There is no signing key, and no openssl on this host to make one.", {
      remedy: "Install openssl, or name a key and its certificate in the settings (signing_key, certificate).",
    });
  const said = result.stderr.trim().split("\n").at(-1) || `it ended with ${result.exitCode}`;
  return fail("E_SIGNING", `openssl could not make a signing key: ${said}.`);
}

/** The names appear only when the content is complete and on the disk; an existing name stops it. */
function placePair(host: Pick<Host, "files">, scratch: string, { key, certificate }: KeyPair): Result<boolean> {
  const { files } = host;
  const ready = (name: string, mode: number) => {
    const file = path.join(scratch, name);
    files.writeAtomic(file, files.readBytes(file) ?? "", mode);
    return file;
  };
  const [readyKey, readyCertificate] = [ready(keyName, 0o600), ready(certificateName, 0o644)];
  linkOrCopy(files, readyKey, key);
  try {
    linkOrCopy(files, readyCertificate, certificate);
  } catch (error) {
    files.remove(key);
    throw error;
  }
  return succeed(true);
}
