import { makeReady, runFiles } from "./proof.mjs";

/** Every module package of the distribution, built by both commands and read by all evaluators: half an hour and more. */
await makeReady({ for: "corpus" });
process.env.DKMS_AGENT_CORPUS = "all";
runFiles(["test/corpus/dkms-conf.test.ts", "test/corpus/build.test.ts"]);
