import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cli } from "../rig/agent.ts";
import { type ProgramResult, runProgram } from "../rig/run-program.ts";

const directory = path.join(import.meta.dirname, "../../packaging/systemd");
const services = ["dkms-agent.service", "dkms-agent-apply.service"] as const;
const units = [...services, "dkms-agent-apply.timer"];

/** A system whose units are those of this one and ours, and which has what ours start. */
const shipped = suite<{ root: string }>("the systemd units");

shipped.before((context) => {
  context.root = fs.mkdtempSync(path.join(os.tmpdir(), "dkms-agent-units-"));
  const at = (place: string) => path.join(context.root, place);
  for (const place of ["etc/systemd/system/multi-user.target.wants", "etc/systemd/system/timers.target.wants"]) {
    fs.mkdirSync(at(place), { recursive: true });
  }
  fs.cpSync("/usr/lib/systemd/system", at("usr/lib/systemd/system"), { recursive: true, verbatimSymlinks: true });
  for (const unit of units) fs.copyFileSync(path.join(directory, unit), at(`etc/systemd/system/${unit}`));
  for (const program of ["usr/bin/dkms-agent", "bin/sh"]) {
    fs.mkdirSync(path.dirname(at(program)), { recursive: true });
    fs.writeFileSync(at(program), "", { mode: 0o755 });
  }
});

shipped.after(({ root }) => fs.rmSync(root, { recursive: true, force: true }));

shipped("pass systemd-analyze verify in silence", async ({ root }) => {
  assert.equal(await verify(root, units), { exitCode: 0, stdout: "", stderr: "" });
});

shipped("have no ordering cycle when all of them are started at boot", async ({ root }) => {
  const wants = (target: string, unit: string) =>
    fs.symlinkSync(`../${unit}`, path.join(root, `etc/systemd/system/${target}.wants/${unit}`));
  wants("multi-user.target", "dkms-agent.service");
  wants("timers.target", "dkms-agent-apply.timer");
  const { stderr } = await verify(root, ["multi-user.target", "timers.target"]);
  // What is wrong with other units in a root that has not their programs does not matter here.
  assert.not.match(stderr, /cycle|dkms-agent/);
});

for (const service of services) {
  shipped(`${service} is exposed at most 2.5, and at most 3.2 with builds.conf`, async ({ root }) => {
    const alone = await exposure(root, service);
    assert.ok(alone > 0.5 && alone <= 2.5, String(alone));
    const dropIns = path.join(root, `etc/systemd/system/${service}.d`);
    fs.mkdirSync(dropIns);
    fs.copyFileSync(path.join(directory, "builds.conf"), path.join(dropIns, "builds.conf"));
    const wider = await exposure(root, service);
    assert.ok(wider > alone && wider <= 3.2, String(wider));
  });
}

shipped("the two services share one sandbox", () => {
  const [one, other] = services.map((service) => sandboxOf(read(service)));
  assert.ok(one && one.length > 20);
  assert.equal(one, other);
});

shipped("every directive that systemd-analyze misses is explained", async ({ root }) => {
  const text = read("dkms-agent-apply.service");
  const misses = await missed(root, "dkms-agent-apply.service");
  assert.ok(misses.length > 5);
  // The devices that are left follow from ProtectClock and PrivateDevices.
  const unexplained = misses
    .flatMap((name) => name.split("=")[0]?.split("/") ?? [])
    .filter((name) => name !== "DeviceAllow" && valuesOf(text, name).length === 0)
    .filter((name) => !new RegExp(`\\b${name}\\b`).test(commentsOf(text)));
  assert.equal(unexplained, []);
});

shipped("a held lock is a success, and what is blocked is not", () => {
  assert.equal(valuesOf(read("dkms-agent-apply.service"), "SuccessExitStatus"), ["75", "SIGTERM"]);
});

shipped("the timer makes up for what was missed, and keeps its own minute on each host", () => {
  const timer = read("dkms-agent-apply.timer");
  for (const key of ["Persistent", "FixedRandomDelay"]) assert.equal(valuesOf(timer, key), ["yes"], key);
  assert.equal(valuesOf(timer, "RandomizedDelaySec"), ["30min"]);
});

shipped("the manual pages that they name are there", async () => {
  const pages = new Set(units.flatMap((unit) => [...read(unit).matchAll(/man:(\S+)\((\d)\)/g)]).map(([page]) => page));
  assert.ok(pages.size > 1);
  for (const page of pages) {
    const file = page.replace(/^man:(.*)\((\d)\)$/, "$1.$2");
    assert.ok(fs.existsSync(path.join(path.dirname(cli), "man", file)), page);
  }
});

shipped.run();

function read(unit: string): string {
  return fs.readFileSync(path.join(directory, unit), "utf8");
}

function verify(root: string, names: readonly string[]): Promise<ProgramResult> {
  return runProgram("systemd-analyze", ["verify", "--man=no", `--root=${root}`, ...names]);
}

interface SecurityLine {
  readonly set: boolean | null;
  readonly name: string;
  readonly exposure: string | null;
}

/** The exposure as a person reads it: from 0 to 10. */
async function exposure(root: string, service: string): Promise<number> {
  const { stdout } = await security(root, service, []);
  return Number(/exposure level for .*: ([0-9.]+)/.exec(stdout)?.[1]);
}

async function missed(root: string, service: string): Promise<readonly string[]> {
  const { stdout } = await security(root, service, ["--json=short"]);
  const lines: readonly SecurityLine[] = JSON.parse(stdout);
  return lines.filter(({ exposure: left }) => left !== null).map(({ name }) => name);
}

function security(root: string, service: string, options: readonly string[]): Promise<ProgramResult> {
  return runProgram("systemd-analyze", [
    "security",
    "--no-pager",
    "--offline=yes",
    `--root=${root}`,
    ...options,
    service,
  ]);
}

function sandboxOf(unit: string): readonly string[] {
  const start = unit.indexOf("# --- Sandbox");
  return unit.slice(start).split("\n[Install]")[0]?.trim().split("\n") ?? [];
}

function commentsOf(unit: string): string {
  return unit
    .split("\n")
    .filter((line) => line.startsWith("#"))
    .join("\n");
}

function valuesOf(unit: string, key: string): readonly string[] {
  return unit.split("\n").flatMap((line) => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : []));
}
