// Loaded before the program (node --require): counts everything that it does to files and every process that it starts.
// At the point of the given number it kills its process group, in the middle of it where a kill can come there; or, if
// DKMS_AGENT_CRASH_ERROR names one, that call fails with an error of the system. With a plus sign behind its code also
// every later call does that takes space.
const fs = require("node:fs");
const path = require("node:path");
const childProcess = require("node:child_process");

const fatal = Number(process.env.DKMS_AGENT_CRASH_AT);
const report = process.env.DKMS_AGENT_CRASH_REPORT ?? "";
const [, errorCode, lasts] = /^(E[A-Z]+)(\+?)$/.exec(process.env.DKMS_AGENT_CRASH_ERROR ?? "") ?? [];
const { writeFileSync, writeSync, readFileSync, readdirSync, rmSync, statSync, lstatSync } = fs;
let count = 0;

/** What a kill in the middle, or a full disk, leaves of the operations that the kernel does in more than one step. */
const halfWritten = {
  writeSync: (descriptor, text) => writeSync(descriptor, String(text).slice(0, String(text).length >> 1)),
  writeFileSync: (file, content) => writeSync(file, Buffer.from(content).subarray(0, content.length >> 1)),
};
const halfDone = {
  ...halfWritten,
  copyFileSync: (from, to) => writeFileSync(to, readFileSync(from).subarray(0, statSync(from).size >> 1)),
  rmSync: (place) => {
    const first = lstatSync(place, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(place)[0] : undefined;
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
]) {
  watch(fs, name, () => true);
}
// Pipes and terminals know no full disk, and what the program prints is none of its work, wherever the test lets it go.
watch(
  fs,
  "writeSync",
  (descriptor) => errorCode === undefined || (descriptor > 2 && fs.fstatSync(descriptor).isFile()),
);
watch(fs, "openSync", (_, flags) => typeof flags === "string" && /[wa+]/.test(flags));
watch(childProcess, "spawn", () => true);

function watch(owner, name, counts) {
  const original = owner[name];
  owner[name] = (...args) => {
    if (counts(...args)) {
      count += 1;
      if (count === fatal && errorCode === undefined) die(name, args);
      if (count === fatal || (count > fatal && lasts === "+" && takesSpace(name))) refuse(name, args);
    }
    return original(...args);
  };
}

function takesSpace(name) {
  return /^(copyFile|mkdir|mkdtemp|symlink|write|writeFile)Sync$/.test(name);
}

function refuse(name, args) {
  if (count === fatal) tell(name, args);
  halfWritten[name]?.(...args);
  // No process is refused for a want of space, nor by a file system.
  const code = name === "spawn" ? "EAGAIN" : errorCode;
  const [file, dest] = args.filter((one) => typeof one === "string");
  const syscall = name.replace("Sync", "");
  const about = typeof args[0] === "string" ? { path: file, ...(typeof args[1] === "string" && { dest }) } : {};
  throw Object.assign(new Error(`${code}: injected, ${syscall} ${about.path ?? "a file"}`), {
    code,
    syscall,
    ...about,
  });
}

function die(name, args) {
  try {
    halfDone[name]?.(...args);
  } catch {
    // Then it would have failed anyway.
  }
  tell(name, args);
  process.kill(-process.pid, "SIGKILL");
}

function tell(name, args) {
  writeFileSync(report, `${name} ${args.filter((one) => typeof one === "string").join(" ")}`.slice(0, 300));
}
