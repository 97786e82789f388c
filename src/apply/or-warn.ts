import { ioFailure } from "../dkms/io-failure.ts";
import type { Emit } from "./event.ts";

/**
 * Does what a run can end well without. What the system refuses becomes a warning, W_NOT_KEPT; anything else is thrown on.
 *
 * @param doing what is done, to what: "clear away what was replaced"
 */
export function orWarn(emit: Emit, doing: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    const { message, path: file = "", remedy: hint } = ioFailure(error, doing).error;
    const text = message.replace(/\.$/, "");
    const diagnostic = { severity: "warning", code: "W_NOT_KEPT", message: text, file, ...(hint && { hint }) } as const;
    emit({ type: "diagnostic", diagnostic });
  }
}
