import { join } from "node:path";
import { build } from "./build.mjs";
import { prepare } from "./prepare.mjs";
import { show } from "./process.mjs";

process.chdir(join(import.meta.dirname, ".."));
prepare({ for: "corpus" });
await build();
process.exitCode = show(process.execPath, ["--import", "tsx", "bench/run.ts", ...process.argv.slice(2)]);
