import process from "node:process";
import { fail, type Result, succeed } from "../dkms/failure.ts";
import { ioFailure } from "../dkms/io-failure.ts";
import { lockFailure } from "../dkms/lock-failure.ts";
import { daemonLockFile } from "../dkms/state-layout.ts";
import type { Host } from "../host/host.ts";
import { takeLock } from "../host/lock-file.ts";

/**
 * Makes this process the one daemon of its DKMS tree; what it answers with gives that up again. Two would do everything
 * twice, one after the other. Fails with E_LOCKED if there is one, with E_CANCELLED, or with E_NO_TOOL, E_IO,
 * E_PERMISSION, E_READ_ONLY or E_NO_SPACE if there can be none here.
 */
export async function claimTree(host: Host): Promise<Result<() => void>> {
  const file = daemonLockFile(host.paths);
  try {
    host.files.makeDirectory(host.paths.state);
    const attempt = await takeLock(host.run, file, { waitMs: 0 });
    switch (attempt.kind) {
      case "held":
        attempt.lock.claim(`${process.pid}\n`);
        return succeed(attempt.lock.release);
      case "busy": {
        const who = /^\d{1,10}$/.test(attempt.holder) ? `process ${attempt.holder}` : "another program";
        const remedy = "One daemon is enough: systemctl status dkms-agent tells of the one that systemd has started.";
        return fail("E_LOCKED", `There is a daemon of this DKMS tree already: ${who}.`, { path: file, remedy });
      }
      case "no-flock":
      case "refused":
        return { ok: false, error: lockFailure(attempt, file) };
      case "stopped":
        return fail("E_CANCELLED", "The daemon was stopped before it began.");
    }
  } catch (error) {
    return ioFailure(error, "become the daemon of the DKMS tree");
  }
}
