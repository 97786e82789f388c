import { join } from "node:path";
import { build } from "./build.mjs";
import { prepare } from "./prepare.mjs";
import { show } from "./process.mjs";

/** The program killed, and refused, at every change of a file and every start of a process, one run for each. */
process.chdir(join(import.meta.dirname, ".."));
prepare({ for: "test" });
await build();
process.env.DKMS_AGENT_CRASH_STRIDE = "1";
const tests = ["crash-points", "injected-errors"].map((name) => `test/scenarios/${name}.test.ts`);
process.exitCode = Math.max(...tests.map((file) => show(process.execPath, ["--import", "tsx", file])));
