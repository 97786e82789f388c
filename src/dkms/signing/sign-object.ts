import path from "node:path";
import type { Host } from "../../host/host.ts";
import { temporaryPrefix } from "../../host/local-files.ts";
import type { CommandResult } from "../../host/run.ts";
import { type FailureCode, fail, type Result, succeed } from "../failure.ts";
import { ioFailure } from "../io-failure.ts";
import { wantOfMemory } from "../want-of-memory.ts";
import type { Signing } from "./signing.ts";
import { signatureProblem, verifySignature } from "./verify-signature.ts";

/**
 * Signs a kernel object that is not compressed yet, and checks the result: the signature is there, made by the
 * certificate, over this very object. The object is replaced in one moment, or stays as it was. Returns notices.
 *
 * Where signing is required, what goes wrong is E_SIGNING; where it is optional, a notice, and the object stays unsigned:
 * a kernel may load that, while it always refuses a bad signature. Fails with E_CANCELLED, with E_NO_MEMORY or E_KILLED,
 * after which the next run may well sign it, and what the file system says.
 */
export async function signObject(host: Host, signing: Signing, object: string): Promise<Result<readonly string[]>> {
  const signed = await signAside(host, signing, object);
  if (signed.ok) return succeed([]);
  if (signed.error.code !== "E_SIGNING" || signing.policy === "required") return signed;
  return succeed([`${signed.error.message} It stays unsigned.`]);
}

/** On a copy in a directory of its own: sign-file works in place, and leaves files beside. */
async function signAside(host: Host, signing: Signing, object: string): Promise<Result<undefined>> {
  const { files } = host;
  try {
    const scratch = files.makeTemporaryDirectory(path.join(path.dirname(object), `${temporaryPrefix}sign-`));
    try {
      const copy = path.join(scratch, path.basename(object));
      files.copyFile(object, copy, { durable: false });
      const failure = (await runSignFile(host, signing, copy)) ?? (await check(host, signing, { copy, object }));
      if (failure) return failure;
      // sign-file writes a new file, and the umask decides.
      files.setMode(copy, files.stat(object)?.mode ?? 0o644);
      files.rename(copy, object);
      return succeed(undefined);
    } finally {
      files.remove(scratch);
    }
  } catch (error) {
    return ioFailure(error, `sign ${object}`);
  }
}

const timeoutMs = 120_000;

async function runSignFile(host: Host, signing: Signing, copy: string): Promise<Result<never> | undefined> {
  const { signFile: file, hash, key, certificate } = signing;
  const result = await host.run({ file, args: [hash, key, certificate, copy], timeoutMs });
  if (result.ending === "exited" && result.exitCode === 0) return undefined;
  return explain(result, signing, path.basename(copy));
}

function explain(result: CommandResult, { signFile, key }: Signing, name: string): Result<never> {
  const said = result.stderr.trim().split("\n").at(-1) || `it ended with ${result.exitCode}`;
  switch (result.ending) {
    case "cancelled":
      return fail("E_CANCELLED", `The run was stopped while ${name} was signed.`);
    case "timeout":
      return fail("E_SIGNING", `${signFile} did not sign ${name} within ${timeoutMs / 1000} s.`, {
        path: signFile,
        remedy: `See whether ${key} can be used without somebody typing a passphrase or PIN.`,
      });
    default: {
      const starved = wantOfMemory(result, `${signFile} ${name}`, result.stderr);
      if (starved) return { ok: false, error: starved };
      return fail("E_SIGNING", `${signFile} could not sign ${name}: ${said}.`, {
        path: signFile,
        remedy: `See whether ${key} is a private key without a passphrase, and the certificate its own.`,
      });
    }
  }
}

/** What a sign-file that is none makes of an object. */
const spoilt: readonly FailureCode[] = ["E_BAD_OBJECT", "E_NO_OBJECT"];

interface Signed {
  readonly copy: string;
  readonly object: string;
}

async function check(
  host: Host,
  { certificate }: Signing,
  { copy, object }: Signed,
): Promise<Result<never> | undefined> {
  const verdict = await verifySignature(host, copy, certificate);
  if (!verdict.ok && !spoilt.includes(verdict.error.code)) return verdict;
  const problem = verdict.ok
    ? signatureProblem(verdict.value, path.basename(object), certificate)
    : verdict.error.message;
  if (problem === undefined) return undefined;
  const remedy = "See whether the certificate belongs to the key, and whether sign-file is the kernel's own.";
  return fail("E_SIGNING", `Signing seemed to succeed, but it did not: ${problem}`, { path: object, remedy });
}
