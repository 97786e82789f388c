import { createHash } from "node:crypto";
import type { Host } from "../../host/host.ts";
import { ifReadable } from "../../host/system-error.ts";
import type { Kernel } from "../kernel.ts";
import { readKernelConfig } from "../kernel-config.ts";
import { readModuleSignature } from "../module-signature.ts";
import { checkSignature, type SignatureVerdict } from "./check-signature.ts";
import { signingPair } from "./choose-pair.ts";
import { type EfiVariables, readEfiVariables } from "./efi-variables.ts";
import { enrolmentAdvice } from "./enrolment.ts";
import type { SigningSettings } from "./signing.ts";

/** What a kernel, this machine and its settings ask of the signatures of modules. */
export interface SignatureDemand {
  /** Who asks for a signature, completes "is not signed, and"; `undefined`: an unsigned object will do. */
  readonly because: string | undefined;
  /** The certificate that objects are signed with here; the others are those that the machine's firmware trusts. */
  readonly own: Certificate | undefined;
  readonly others: readonly Certificate[];
  /** What is to be done before the machine takes what is signed with the own one; `undefined`: nothing, or nobody knows. */
  readonly enrolment: string | undefined;
  /** Another one for every other demand. */
  readonly digest: string;
}

export interface Certificate {
  /** For messages. */
  readonly name: string;
  /** X.509, DER or PEM. */
  readonly bytes: Uint8Array;
}

export interface SignatureProblem {
  readonly kind: "unsigned" | "wrong-signer" | "bad-signature" | "not-enrolled" | "no-certificate";
  /** Completes "<object> ". */
  readonly text: string;
}

/**
 * What is asked of objects for a kernel: by the settings (`signing: required`: the own certificate and no other), by Secure
 * Boot, or by CONFIG_MODULE_SIG_FORCE. The firmware, which is slow to answer, is asked once for all kernels. Never throws
 * for what is on the disk: what cannot be read is not there.
 */
export function signatureDemands(host: Host, settings: SigningSettings): (kernel: Kernel) => Promise<SignatureDemand> {
  let firmware: EfiVariables | undefined;
  const advice = new Map<string, string | undefined>();
  return async (kernel) => {
    firmware ??= readEfiVariables(host);
    const pair = await signingPair(host, kernel.id, settings);
    const place = pair.ok ? pair.value.certificate : undefined;
    if (place !== undefined && firmware.secureBoot && !advice.has(place))
      advice.set(place, enrolmentAdvice(host, place));
    const own = place === undefined ? undefined : readCertificate(host, place);
    return demandOf(host, { kernel, settings, firmware, own, enrolment: advice.get(place ?? "") });
  };
}

interface DemandFacts extends Pick<SignatureDemand, "own" | "enrolment"> {
  readonly kernel: Kernel;
  readonly settings: SigningSettings;
  readonly firmware: EfiVariables;
}

function demandOf(host: Host, { kernel, settings, firmware, own, enrolment }: DemandFacts): SignatureDemand {
  const { secureBoot, trusted = [] } = firmware;
  const because = demandedBy({ settings, secureBoot: secureBoot === true, isForced: isForced(host, kernel) });
  const isByFirmware = because !== undefined && settings.policy !== "required";
  const others = isByFirmware ? trusted.map((bytes) => ({ name: "the machine's firmware", bytes })) : [];
  const hash = createHash("sha256").update(`${because}\n${enrolment}\n`);
  for (const { bytes } of own ? [own, ...others] : others) hash.update(bytes).update("\n");
  return { because, own, others, enrolment, digest: hash.digest("hex") };
}

/** What is wrong with an object's signature beside what is asked of it. Takes its content without compression. Pure. */
export function judgeSignature(content: Uint8Array, demand: SignatureDemand): SignatureProblem | undefined {
  const { because, own, others, enrolment } = demand;
  const isSigned = readModuleSignature(content) !== undefined;
  if (!isSigned) return because === undefined ? undefined : { kind: "unsigned", text: `is not signed, and ${because}` };
  const verdict = own && check(content, own);
  if (verdict?.kind === "wrong") return { kind: "bad-signature", text: `has a signature that ${verdict.problem}` };
  if (because === undefined || others.some((one) => check(content, one)?.kind === "valid")) return undefined;
  if (!own || !verdict)
    return { kind: "no-certificate", text: `cannot be checked without a certificate, and ${because}` };
  if (verdict.kind !== "valid")
    return { kind: "wrong-signer", text: `is signed by another key than that of ${own.name}, and ${because}` };
  return enrolment === undefined ? undefined : { kind: "not-enrolled", text: `would be refused: ${enrolment}` };
}

function check(content: Uint8Array, { bytes }: Certificate): SignatureVerdict | undefined {
  const checked = checkSignature(content, bytes);
  return checked.ok ? checked.value : undefined;
}

interface Demanding {
  readonly settings: SigningSettings;
  readonly secureBoot: boolean;
  readonly isForced: boolean;
}

function demandedBy({ settings, secureBoot, isForced }: Demanding): string | undefined {
  if (settings.policy === "required") return "the settings require a signature";
  if (secureBoot) return "Secure Boot is on";
  return isForced ? "the kernel takes only signed ones (CONFIG_MODULE_SIG_FORCE)" : undefined;
}

function isForced(host: Host, kernel: Kernel): boolean {
  return ifReadable(() => readKernelConfig(host, kernel).get("CONFIG_MODULE_SIG_FORCE")) === "y";
}

function readCertificate({ files }: Host, place: string): Certificate | undefined {
  const bytes = ifReadable(() => (files.stat(place)?.kind === "file" ? files.readBytes(place) : undefined));
  return bytes && { name: place, bytes };
}
