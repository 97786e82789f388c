import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { partsDirectory } from "../rig/cached-parts.ts";
import type { HeadersOfKernel } from "../rig/kernels-with-headers.ts";
import { type ProgramResult, runProgram } from "../rig/run-program.ts";
import { differences, type Snapshot, snapshot } from "../rig/snapshot.ts";
import { testNeeding } from "../rig/test-needing.ts";

const project = new URL("../..", import.meta.url).pathname;
const npmStart = suite("npm start");

testNeeding(
  npmStart,
  ["headers", "gcc", "make", "kmod", "flock", "unshare", "patch", "xz", "zstd"],
  "reconciles the sample documents into ./sandbox, and does nothing when it is run again",
  async (part) => {
    const place = makeCheckout(part("make").path);
    try {
      const before = outside(place);
      const first = await start(place);
      assert.is(first.exitCode, 0, first.stdout + first.stderr);
      assertInstalled(place, part("headers").kernels);
      assert.ok(makesStarted(place).length > 0, "the recorder of make works");
      assert.equal(differences(before, outside(place)), [], "nothing outside the sandbox is written");

      const reconciled = sandboxTrees(place);
      forgetMakes(place);
      const second = await start(place);
      assert.is(second.exitCode, 0, second.stdout + second.stderr);
      assert.equal(makesStarted(place), [], "the second run starts no make");
      assert.equal(differences(reconciled, sandboxTrees(place)), [], "the second run leaves the trees as they are");
    } finally {
      rmSync(place.top, { recursive: true, force: true });
    }
  },
);

npmStart.run();

interface Place {
  readonly top: string;
  readonly checkout: string;
  /** HOME and TMPDIR of the run: both must be left empty. */
  readonly home: string;
  readonly temporary: string;
  /** Comes first in PATH and holds a make that notes its arguments. */
  readonly programs: string;
}

function makeCheckout(make: string): Place {
  const top = mkdtempSync(join(tmpdir(), "dkms-agent-npm-start-"));
  const place = {
    top,
    checkout: join(top, "checkout"),
    home: join(top, "home"),
    temporary: join(top, "tmp"),
    programs: join(top, "bin"),
  };
  for (const directory of [place.home, place.temporary, place.programs]) mkdirSync(directory);
  const left = ["node_modules", "dist", "sandbox", ".git"].map((name) => join(project, name));
  const isLeft = (path: string): boolean => left.some((name) => path === name || path.startsWith(name + sep));
  cpSync(project, place.checkout, { recursive: true, preserveTimestamps: true, filter: (path) => !isLeft(path) });
  symlinkSync(join(project, "node_modules"), join(place.checkout, "node_modules"));

  writeFileSync(join(place.programs, "make"), `#!/bin/sh\necho "$@" >>${record(place)}\nexec ${make} "$@"\n`);
  chmodSync(join(place.programs, "make"), 0o755);
  return place;
}

function start({ checkout, home, temporary, programs }: Place): Promise<ProgramResult> {
  const { PATH = "" } = process.env;
  const env = { PATH: `${programs}:${PATH}`, HOME: home, TMPDIR: temporary, DKMS_AGENT_PARTS: partsDirectory() };
  return runProgram(process.execPath, [".dev/start.mjs"], { cwd: checkout, env });
}

function assertInstalled({ checkout }: Place, kernels: readonly HeadersOfKernel[]): void {
  for (const { release } of kernels) {
    const installed = [...snapshot(join(checkout, "sandbox/lib/modules", release)).keys()];
    for (const name of ["dkms_agent_greeting.ko", "dkms_agent_hello.ko"]) {
      assert.ok(
        installed.some((path) => path.includes(name)),
        `${name} is installed for ${release}`,
      );
    }
  }
}

/** Everything that could be written to by mistake: the machine's own trees, and the checkout but for its products. */
function outside({ checkout, home, temporary }: Place): Snapshot {
  const machine = ["/lib/modules", "/usr/src", "/var/lib/dkms", "/etc/dkms", "/etc/dkms-agent"];
  const whole = machine.flatMap((directory) => [...snapshot(directory)]);
  const own = [...snapshot(home), ...snapshot(temporary), ...snapshot(checkout, ["node_modules", "dist", "sandbox"])];
  // The times of these directories tell of what is meant to come and go in them: products, the compiler's files.
  return new Map([...whole, ...own.filter(([path]) => ![home, temporary, checkout].includes(path))]);
}

function sandboxTrees({ checkout }: Place): Snapshot {
  const journal = snapshot(join(checkout, "sandbox/var/lib/dkms"), [".dkms-agent"]);
  return new Map([...journal, ...snapshot(join(checkout, "sandbox/lib")), ...snapshot(join(checkout, "sandbox/usr"))]);
}

function record({ top }: { readonly top: string }): string {
  return join(top, "makes");
}

function makesStarted(place: Place): string[] {
  return existsSync(record(place)) ? readFileSync(record(place), "utf8").split("\n").filter(Boolean) : [];
}

function forgetMakes(place: Place): void {
  rmSync(record(place), { force: true });
}
