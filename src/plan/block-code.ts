import type { FailureCode } from "../dkms/failure.ts";
import type { BlockReason } from "./plan.ts";
import type { Blocking } from "./verdict.ts";

/** What is blocked has the code that its step would have failed with: one table of codes for both. */
export function blockCode({ reason, code }: Pick<Blocking, "reason" | "code">): FailureCode {
  return code ?? blockCodes[reason];
}

const blockCodes: Readonly<Record<BlockReason, FailureCode>> = {
  "no-kernel": "E_NO_KERNEL",
  "no-headers": "E_NO_HEADERS",
  "no-toolchain": "E_NO_TOOL",
  "no-source": "E_NO_SOURCE",
  "no-binary": "E_NO_BINARY",
  "invalid-conf": "E_CONF_INVALID",
  "missing-dependency": "E_DEPENDENCY",
  "dependency-cycle": "E_DEPENDENCY",
  "failed-before": "E_FAILED_BEFORE",
  untrusted: "E_TARBALL",
  unreadable: "E_IO",
};
