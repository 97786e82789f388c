// Loaded before the program (node --require): counts everything that it does to files and every process that it starts,
// and kills its process group at the point of the given number, in the middle of it where a kill can come there.
const fs = require("node:fs");
const path = require("node:path");
const childProcess = require("node:child_process");

const fatal = Number(process.env.DKMS_AGENT_CRASH_AT);
const report = process.env.DKMS_AGENT_CRASH_REPORT ?? "";
const { writeFileSync, writeSync, readFileSync, readdirSync, rmSync, statSync } = fs;
let count = 0;

/** What a kill in the middle leaves of the operations that the kernel does in more than one step. */
const halfDone = {
  writeSync: (descriptor, text) => writeSync(descriptor, String(text).slice(0, String(text).length >> 1)),
  writeFileSync: (file, content) => writeSync(file, Buffer.from(content).subarray(0, content.length >> 1)),
  copyFileSync: (from, to) => writeFileSync(to, readFileSync(from).subarray(0, statSync(from).size >> 1)),
  rmSync: (place) => {
    const first = statSync(place, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(place)[0] : undefined;
    if (first !== undefined) rmSync(path.join(place, first), { recursive: true });
  },
};

for (const name of [
  "chmodSync",
  "copyFileSync",
  "fchmodSync",
  "fsyncSync",
  "futimesSync",
  "linkSync",
  "lutimesSync",
  "mkdirSync",
  "mkdtempSync",
  "renameSync",
  "rmSync",
  "rmdirSync",
  "symlinkSync",
  "truncateSync",
  "unlinkSync",
  "utimesSync",
  "writeFileSync",
  "writeSync",
]) {
  watch(fs, name, () => true);
}
watch(fs, "openSync", (_, flags) => typeof flags === "string" && /[wa+]/.test(flags));
watch(childProcess, "spawn", () => true);

function watch(owner, name, counts) {
  const original = owner[name];
  owner[name] = (...args) => {
    if (counts(...args)) {
      count += 1;
      if (count === fatal) die(name, args);
    }
    return original(...args);
  };
}

function die(name, args) {
  try {
    halfDone[name]?.(...args);
  } catch {
    // Then it would have failed anyway.
  }
  writeFileSync(report, `${name} ${args.filter((one) => typeof one === "string").join(" ")}`.slice(0, 300));
  process.kill(-process.pid, "SIGKILL");
}
