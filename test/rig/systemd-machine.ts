import { type ChildProcessByStdio, spawn } from "node:child_process";
import fs from "node:fs";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import * as assert from "uvu/assert";
import type { SystemdDisk } from "./systemd-disk.ts";

/** A running Debian system, and a shell of root's in it. */
export interface SystemdMachine {
  /** Runs a bash script, and asserts its exit code, 0 unless given; what it printed on either stream. */
  readonly run: (script: string, exitCode?: number) => Promise<string>;
  /** Ends the machine between two of its instructions: what it has not written to the disk by then is lost. */
  readonly cutPower: () => Promise<void>;
}

export interface MachineStart {
  readonly disk: SystemdDisk;
  readonly qemu: string;
  /** What the machine's clock shows when it starts, such as `2026-11-22T04:00:00`; default: the time that it is. */
  readonly clock?: string;
}

type Qemu = ChildProcessByStdio<Writable, Readable, null>;

/**
 * A boot takes 20 seconds, and a build a minute; many times that on a busy host. Where this is not enough, the machine
 * hangs.
 */
const bootLimitMs = 600_000;
const commandLimitMs = 600_000;

/**
 * Starts a machine, waits until a shell answers, and lets it be used; afterwards the machine is shut down, unless its power
 * was cut. It is emulated, whatever /dev/kvm promises: there are machines that have one and on which no usual kernel gets
 * through its boot.
 */
export async function onMachine(start: MachineStart, use: (machine: SystemdMachine) => Promise<void>): Promise<void> {
  const consoleFile = `${start.disk.file}.console`;
  const child = spawn(start.qemu, machineOptions(start, consoleFile), { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const endWithin = async (limitMs: number) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
    await ended;
    clearTimeout(timer);
  };
  try {
    const shell = shellOf(child, consoleFile);
    assert.is(await shell.next(bootLimitMs, "its shell"), "ready");
    await use({ run: shell.run, cutPower: () => endWithin(0) });
    shell.send("systemctl poweroff");
    await endWithin(commandLimitMs);
  } finally {
    await endWithin(0);
  }
}

interface Shell extends Pick<SystemdMachine, "run"> {
  /** The next line from the machine; throws, with the end of the console, when the machine ends or the time is up. */
  readonly next: (limitMs: number, awaited: string) => Promise<string>;
  readonly send: (script: string) => void;
}

function shellOf(child: Qemu, consoleFile: string): Shell {
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next: Shell["next"] = async (limitMs, awaited) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
    const line = await lines.next();
    clearTimeout(timer);
    if (!line.done) return line.value;
    const console = fs.readFileSync(consoleFile, "utf8").split("\n").slice(-60).join("\n");
    throw new Error(`the machine ended before there was an answer to: ${awaited}\nIts console ended:\n${console}`);
  };
  let number = 0;
  const send = (script: string) => {
    number += 1;
    if (child.stdin.writable) child.stdin.write(`${number} ${Buffer.from(script).toString("base64")}\n`);
  };
  const run = async (script: string, exitCode = 0) => {
    send(script);
    const [of, code, output = ""] = (await next(commandLimitMs, script)).split(" ");
    assert.is(of, String(number), "an answer is that of the last command");
    const text = Buffer.from(output, "base64").toString();
    assert.is(Number(code), exitCode, `${script}\nprinted:\n${text}`);
    return text;
  };
  return { next, send, run };
}

/** Only what a machine must have; the first serial line is the console, the second the shell of the tests. */
function machineOptions({ disk, clock }: MachineStart, consoleFile: string): readonly string[] {
  return [
    ...["-accel", "tcg", "-cpu", "max", "-m", "1024", "-display", "none", "-nodefaults", "-no-reboot"],
    ...["-serial", `file:${consoleFile}`, "-serial", "stdio"],
    ...(clock === undefined ? [] : ["-rtc", `base=${clock}`]),
    ...["-drive", `file=${disk.file},format=raw,if=virtio`],
    ...["-kernel", disk.kernelImage, "-initrd", disk.initramfs],
    ...["-append", "console=ttyS0 panic=-1 systemd.getty_auto=no systemd.show_status=no"],
  ];
}

/** A command that ends when the journal of this boot says it. */
export function journalUntil({ source }: RegExp): string {
  return `grep -m 1 -P '${source}' < <(journalctl -b -f -n all)`;
}
