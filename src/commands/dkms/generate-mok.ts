import { signingPair } from "../../dkms/signing/choose-pair.ts";
import { enrolmentAdvice } from "../../dkms/signing/enrolment.ts";
import { prepareKeys } from "../../dkms/signing/prepare-keys.ts";
import { type Runner, refuse } from "./runner.ts";
import { kernelOf } from "./session.ts";

/** `dkms generate_mok`: makes the signing key unless it is there; what is there is never overwritten. */
export const generateMokRunner: Runner = {
  history: "untold",
  run: async (session) => {
    const { host, settings, tell } = session;
    const kernel = kernelOf(session);
    if (!kernel.ok) return refuse(session, kernel.error);
    const pair = await signingPair(host, kernel.value, settings.signing);
    if (!pair.ok) return refuse(session, pair.error);
    const keys = await prepareKeys(host, pair.value);
    if (!keys.ok) return refuse(session, keys.error);
    const { key, certificate, notices } = keys.value;
    for (const text of notices) tell({ type: "notice", text });
    tell({ type: "notice", text: `The signing key is ${key}, its certificate ${certificate}.` });
    const advice = enrolmentAdvice(host, certificate);
    if (advice !== undefined) tell({ type: "notice", text: advice });
    return [];
  },
};
