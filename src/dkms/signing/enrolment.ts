import { X509Certificate } from "node:crypto";
import path from "node:path";
import type { Host } from "../../host/host.ts";
import { certificateFields } from "./certificate-fields.ts";
import { type EfiVariables, readEfiVariables } from "./efi-variables.ts";

type Reader = Pick<Host, "root" | "files">;

/**
 * What to do so that the kernel takes modules signed with a certificate: one sentence with the one command that helps.
 * `undefined` if Secure Boot is off or unknown, or the certificate is enrolled or cannot be read. Never throws for what is
 * on the disk.
 */
export function enrolmentAdvice(host: Reader, certificate: string): string | undefined {
  const variables = readEfiVariables(host);
  const x509 = readCertificate(host, certificate);
  if (!variables.secureBoot || !x509 || !isRefused(host, x509, variables)) return undefined;
  if (includes(variables.pending, x509))
    return `Secure Boot refuses the modules signed with ${certificate} until the machine is restarted and the enrolment confirmed in MokManager.`;
  return `Secure Boot is on and does not know ${certificate}: run "mokutil --import ${shellWord(certificate)}", restart, and confirm in MokManager.`;
}

/**
 * Whether it is known that the kernel of this machine does not take modules signed with a certificate: it is neither among
 * the firmware's and its owner's (db, MOK), nor has the running kernel it in a keyring. Nobody knows without EFI, or without
 * the right to look.
 */
function isRefused(host: Reader, x509: X509Certificate, { trusted }: EfiVariables): boolean {
  return trusted !== undefined && !includes(trusted, x509) && !isInKeyring(host, x509);
}

function readCertificate({ files }: Reader, certificate: string): X509Certificate | undefined {
  try {
    const bytes = files.readBytes(certificate);
    return bytes && new X509Certificate(bytes);
  } catch {
    // Not readable, or no certificate: nothing is known of it then.
    return undefined;
  }
}

function includes(certificates: readonly Uint8Array[], { raw }: X509Certificate): boolean {
  return certificates.some((one) => raw.equals(one));
}

/** The kernel calls an asymmetric key `<subject>: <subject key identifier, else serial number>` (x509_public_key.c). */
function isInKeyring({ root, files }: Reader, { raw }: X509Certificate): boolean {
  const { keyIdentifier, serial } = certificateFields(raw);
  const wanted = `: ${Buffer.from(keyIdentifier ?? serial ?? []).toString("hex")}: X509.`;
  try {
    const lines = (files.readText(path.join(root, "proc/keys")) ?? "").split("\n");
    return lines.some((line) => line.includes(" asymmetri ") && line.includes(wanted));
  } catch {
    return false;
  }
}

function shellWord(text: string): string {
  return /^[\w./+:@%=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
