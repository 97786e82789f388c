import { lstatSync, mkdirSync, readlinkSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { kernelsWithHeaders } from "./kernels.mjs";
import { show } from "./process.mjs";
import { makeReady } from "./proof.mjs";

await makeReady({ for: "start" });
fillSandbox();

const options = ["-f", "desired-state", "--root", "sandbox", ...trustOfCheckout()];
const planned = agent("plan");
if (planned !== 0) process.exit(planned);
const applied = agent("apply");
agent("status");
console.log(`
The sandbox is a root of its own: see sandbox/lib/modules and sandbox/var/lib/dkms. To try next:

  rm -r sandbox/lib/modules/*/updates && npm start
      loses the modules, and gets them back
  node dist/cli.cjs plan ${options.join(" ")} --json
      the plan, for programs
  node dist/cli.cjs --help
      all that it can do`);
process.exitCode = applied;

/** Gives the sandbox each kernel of this machine that has headers. */
function fillSandbox() {
  for (const { release, directory } of kernelsWithHeaders()) {
    const link = join("sandbox/lib/modules", release, "build");
    if (targetOf(link) === directory) continue;
    rmSync(link, { force: true });
    mkdirSync(join("sandbox/lib/modules", release), { recursive: true });
    symlinkSync(directory, link);
  }
}

/** @param {string} link */
function targetOf(link) {
  return lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(link) : undefined;
}

/**
 * Root does not take orders from files that others can write to. Who runs this as root trusts the checkout already,
 * whoever owns it.
 */
function trustOfCheckout() {
  const isForeign = process.getuid?.() === 0 && [".", "desired-state"].some((path) => statSync(path).uid !== 0);
  return isForeign ? ["--allow-insecure-files"] : [];
}

/**
 * @param {string} command
 * @returns {number} its exit code
 */
function agent(command) {
  const args = ["dist/cli.cjs", command, ...options];
  console.log(`\n$ node ${args.join(" ")}`);
  return show(process.execPath, args);
}
