import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sweepState } from "../../src/apply/sweep-state.ts";
import { dkmsTree } from "../rig/tree-builder.ts";
import { filesBelow } from "../rig/tree-listing.ts";

const sweeping = suite("sweepState");

sweeping("removes temporary files from what the program keeps for itself, and half-made keys, nothing else", () => {
  const tree = dkmsTree();
  const state = "var/lib/dkms/.dkms-agent";
  const temporary = ".dkms-agent-0123456789ab";
  const kept = ["depmod-owed/6.1.0-1/x86_64", "journal.jsonl", "logs/a/1/6.1.0-1/x86_64/make.log"];
  for (const file of kept) tree.write(`${state}/${file}`, "");
  for (const place of ["", "/depmod-owed/6.1.0-1", "/logs/a/1/6.1.0-1/x86_64"])
    tree.write(`${state}${place}/${temporary}`, "");
  const others = ["mok.key", "a/.dkms-agent-a.0123456789ab", ".dkms-agent-notes"];
  for (const file of others) tree.write(`var/lib/dkms/${file}`, "");
  tree.write(`var/lib/dkms/${temporary}`, "");
  tree.write("var/lib/dkms/.dkms-agent-key-aB3xyz/mok.key", "");
  sweepState(tree.host());
  assert.equal(filesBelow(tree.at("var/lib/dkms")), [...kept.map((file) => `.dkms-agent/${file}`), ...others].sort());
  tree.remove();
});

sweeping("puts the certificate beside its key that a killed run has placed without it", () => {
  const tree = dkmsTree();
  tree.write("var/lib/dkms/mok.key", "new");
  for (const [directory, key] of Object.entries({ aB3xy0: "older", aB3xyz: "new" })) {
    tree.write(`var/lib/dkms/.dkms-agent-key-${directory}/key`, key);
    tree.write(`var/lib/dkms/.dkms-agent-key-${directory}/certificate`, `that of the ${key}`);
  }
  sweepState(tree.host());
  assert.equal(filesBelow(tree.at("var/lib/dkms")), ["mok.key", "mok.pub"]);
  assert.is(tree.host().files.readText(tree.at("var/lib/dkms/mok.pub")), "that of the new");
  tree.remove();
});

sweeping.run();
