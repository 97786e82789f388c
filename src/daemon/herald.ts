import process from "node:process";
import type { ServiceManager } from "../host/service-manager.ts";

/** Tells the service manager, if there is one. */
export interface Herald {
  /** READY, after everything that was told before. */
  readonly ready: () => void;
  /** RELOADING; READY is to follow. */
  readonly reloading: () => void;
  readonly stopping: (status: string) => void;
  /** One line about what goes on. */
  readonly status: (text: string) => void;
  /** The pulse; one at a time, however long it takes to be heard. */
  readonly beat: () => void;
  /** How often it wants to feel the pulse, in milliseconds; `undefined`: not at all. */
  readonly watchdogMs: number | undefined;
  /** When it has heard everything. */
  readonly heard: () => Promise<unknown>;
}

/** `unheard` is called once, when something could not be told. */
export function createHerald(manager: ServiceManager | undefined, unheard: () => void): Herald {
  let isUnheard = false;
  let isBeating = false;
  const tell = async (...variables: readonly string[]): Promise<void> => {
    if (!manager || (await manager.notify(variables)) || isUnheard) return;
    isUnheard = true;
    unheard();
  };
  return {
    ready: () => void tell("READY=1"),
    // The time is what systemd wants with it: sd_notify(3).
    reloading: () => void tell("RELOADING=1", `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`),
    stopping: (status) => void tell("STOPPING=1", `STATUS=${status}`),
    status: (text) => void tell(`STATUS=${text}`),
    beat: () => {
      if (isBeating || manager?.watchdogMs === undefined) return;
      isBeating = true;
      void tell("WATCHDOG=1").then(() => {
        isBeating = false;
      });
    },
    watchdogMs: manager?.watchdogMs,
    heard: () => manager?.heard() ?? Promise.resolve(),
  };
}
