import { join } from "node:path";
import { build } from "./build.mjs";
import { prepare } from "./prepare.mjs";
import { show } from "./process.mjs";

/** Every module package of the distribution, built by both commands and read by all evaluators: half an hour and more. */
process.chdir(join(import.meta.dirname, ".."));
prepare({ for: "corpus" });
await build();
process.env.DKMS_AGENT_CORPUS = "all";
const files = ["test/corpus/dkms-conf.test.ts", "test/corpus/build.test.ts"];
process.exitCode = Math.max(...files.map((file) => show(process.execPath, ["--import", "tsx", file])));
