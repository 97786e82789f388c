import { makeReady, runFiles } from "./proof.mjs";

/** A long random sequence of verbs by two commands on one tree; a number as argument sets its length. */
await makeReady({ for: "test" });
process.env.DKMS_AGENT_VERBS = process.argv[2] ?? "200";
runFiles(["test/scenarios/interchange.test.ts"]);
