import { join } from "node:path";
import { build } from "./build.mjs";
import { prepare } from "./prepare.mjs";
import { show } from "./process.mjs";

/** A long random sequence of verbs by two commands on one tree; a number as argument sets its length. */
process.chdir(join(import.meta.dirname, ".."));
prepare({ for: "test" });
await build();
process.env.DKMS_AGENT_VERBS = process.argv[2] ?? "200";
process.exitCode = show(process.execPath, ["--import", "tsx", "test/scenarios/interchange.test.ts"]);
