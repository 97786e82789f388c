import process from "node:process";
import type { Run } from "./run.ts";

/** The service manager that has started this process, as far as it wants to hear of it (sd_notify(3)). */
export interface ServiceManager {
  /** How often it wants to hear that all is well, in milliseconds; `undefined`: not at all. */
  readonly watchdogMs: number | undefined;
  /** Tells it `READY=1`, `STATUS=...` and the like, one after the other. Whether it was told; never throws. */
  readonly notify: (variables: readonly string[]) => Promise<boolean>;
  /** When it has heard everything that it was told. */
  readonly heard: () => Promise<unknown>;
}

/**
 * The service manager of the environment; `undefined` if nobody listens. Node has no datagram sockets of the local kind, so
 * systemd-notify speaks for this process, which comes with the systemd that listens. It waits until it was heard.
 */
export function findServiceManager(run: Run, env = process.env): ServiceManager | undefined {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: period, WATCHDOG_PID: watched } = env;
  if (socket === undefined || socket === "") return undefined;
  const isWatched = /^[1-9]\d{0,15}$/.test(period ?? "") && (watched ?? String(process.pid)) === String(process.pid);
  let last: Promise<boolean> = Promise.resolve(true);
  const send = async (args: readonly string[]): Promise<boolean> => {
    const command = { file: "systemd-notify", args, env: { NOTIFY_SOCKET: socket }, timeoutMs };
    const { ending, exitCode } = await run({ ...command, evenWhenStopping: true });
    return ending === "exited" && exitCode === 0;
  };
  return {
    watchdogMs: isWatched ? Number(period) / 1000 : undefined,
    notify: (variables) => {
      // In their order: each is a process of its own.
      last = last.then(() => send(variables.map((one) => one.replace(/\p{Cc}/gu, " "))));
      return last;
    },
    heard: () => last,
  };
}

/** A service manager that is busy for longer has other sorrows. */
const timeoutMs = 10_000;
