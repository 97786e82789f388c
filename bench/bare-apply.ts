import type { Contestant } from "./measure.ts";

/**
 * What no apply in Node can leave out where there is nothing to do: a digest of the document, flock for the lock, the scan
 * that is kept and a look at each place that it goes by, and a line of the journal and a report forced to the disk.
 */
export function bareApply({ document, state }: { readonly document: string; readonly state: string }): Contestant {
  return { name: "node that does only what it must", command: [process.execPath, "-e", script, document, state] };
}

/** Its own two files take the place of the journal and the report, so that no later run reads them. */
const script = `
const [document, state] = process.argv.slice(1);
const { createHash } = require("node:crypto");
createHash("sha256").update(fs.readFileSync(document)).digest("hex");
const lock = fs.openSync(state + "/lock", "r+");
const flock = require("node:child_process").spawn("flock", ["--nonblock", "3"], { stdio: ["ignore", "ignore", "pipe", lock] });
flock.on("exit", (code) => {
  if (code !== 0) throw new Error("flock: " + code);
  const { marks } = require("node:v8").deserialize(fs.readFileSync(state + "/scan.bin"));
  for (const path of marks.followed.paths) fs.statSync(path, { throwIfNoEntry: false });
  for (const path of marks.unfollowed.paths) fs.lstatSync(path, { throwIfNoEntry: false });
  keep(state + "/bare.jsonl", "a", "x".repeat(300));
  keep(state + "/bare.new", "w", fs.readFileSync(state + "/last-run.json"));
  fs.renameSync(state + "/bare.new", state + "/bare.json");
  process.exit();
});
function keep(file, flags, content) {
  const descriptor = fs.openSync(file, flags);
  fs.writeFileSync(descriptor, content);
  fs.fsyncSync(descriptor);
  fs.closeSync(descriptor);
}
`;
