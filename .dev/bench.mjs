import { makeReady, runFiles } from "./proof.mjs";

await makeReady({ for: "corpus" });
runFiles(["bench/run.ts"], process.argv.slice(2));
