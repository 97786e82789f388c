/**
 * Prints what a host wants, by the library: each stage by itself, and nothing written anywhere.
 *
 *     node plan-a-host.mjs [DOCUMENTS [ROOT]]
 */
import process from "node:process";
import { assemblePlan, createHost, loadDesired, noFilter, scanActual, scanRequest } from "dkms-agent";

const [, , documents = "/etc/dkms-agent/desired-state", root = "/"] = process.argv;

// A host is a plain value: under another root, all of its trees are there.
const host = createHost({ root });

// What is wanted. Mistakes are values, each with its file, line and column.
const { desired, diagnostics } = loadDesired(host, [documents], { allowInsecureFiles: false });
for (const { file, range, message } of diagnostics) print(`${file}:${range?.line ?? ""}: ${message}`);

if (desired) {
  // What is there, as far as it matters for what is wanted.
  const actual = await scanActual(host, scanRequest(desired, host.machine, noFilter));

  // The difference: the same values always give the same plan.
  const { changes, blocked } = assemblePlan(desired, actual);
  for (const { address, actions, reason } of changes) print(`${address}: ${actions.join(", ")}, since ${reason.text}`);
  for (const { address, text, remedy } of blocked) print(`${address}: blocked, since ${text}; ${remedy}`);
  if (changes.length + blocked.length === 0) print("Nothing to do.");
} else process.exitCode = 65;

/** @param {string} line */
function print(line) {
  process.stdout.write(`${line}\n`);
}
