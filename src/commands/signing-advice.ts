import type { ActualState } from "../actual-state/actual-state.ts";
import { signingPair } from "../dkms/signing/choose-pair.ts";
import { enrolmentAdvice } from "../dkms/signing/enrolment.ts";
import type { SigningSettings } from "../dkms/signing/signing.ts";
import type { Host } from "../host/host.ts";

/** What has to be done so that this machine's Secure Boot takes what is installed for its kernels; mostly nothing. */
export async function signingAdvice(
  host: Host,
  { kernels }: ActualState,
  settings: SigningSettings,
): Promise<readonly string[]> {
  if (settings.policy === "off") return [];
  const advice = new Set<string>();
  for (const { id } of kernels) {
    const pair = await signingPair(host, id, settings);
    const text = pair.ok ? enrolmentAdvice(host, pair.value.certificate) : undefined;
    if (text !== undefined) advice.add(text);
  }
  return [...advice];
}
