import { readdirSync } from "node:fs";
import { install } from "./apt.mjs";
import { prepareDebianRoot } from "./debian-root.mjs";
import { hasProgram } from "./process.mjs";
import { makeReady, runFiles } from "./proof.mjs";

/** A Debian system with its real systemd in QEMU: the timer, the daemon, and the power cut; or what the words name. */
await makeReady({ for: "test" });
prepareDebianRoot();
if (!hasProgram("mke2fs")) install(["e2fsprogs"]);
const words = process.argv.slice(2);
const scenarios = readdirSync("test/scenarios").filter((name) => /^vm.*\.slow\.ts$/.test(name));
const chosen = scenarios.filter((name) => words.length === 0 || words.some((word) => name.includes(word)));
if (chosen.length === 0) throw new Error(`No story's name contains ${words.join(" or ")}.`);
runFiles(chosen.map((name) => `test/scenarios/${name}`));
