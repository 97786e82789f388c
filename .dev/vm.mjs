import { readdirSync } from "node:fs";
import { join } from "node:path";
import { install } from "./apt.mjs";
import { build } from "./build.mjs";
import { cachedParts } from "./cache.mjs";
import { prepareDebianRoot } from "./debian-root.mjs";
import { prepare } from "./prepare.mjs";
import { hasProgram, show } from "./process.mjs";

/** A Debian system with its real systemd in QEMU: the timer, the daemon, and the power cut; or what the words name. */
process.chdir(join(import.meta.dirname, ".."));
prepare({ for: "test" });
await build();
const [image] = cachedParts("linux-image");
if (!image) throw new Error("The preparation brought no kernel.");
prepareDebianRoot(image.name);
if (!hasProgram("mke2fs")) install(["e2fsprogs"]);
const words = process.argv.slice(2);
const scenarios = readdirSync("test/scenarios").filter((name) => /^vm.*\.slow\.ts$/.test(name));
const chosen = scenarios.filter((name) => words.length === 0 || words.some((word) => name.includes(word)));
const codes = chosen.map((name) => show(process.execPath, ["--import", "tsx", `test/scenarios/${name}`]));
process.exitCode = chosen.length === 0 ? 1 : Math.max(...codes);
