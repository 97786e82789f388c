import { makeReady, runFiles } from "./proof.mjs";

/** The program killed, and refused, at every change of a file and every start of a process, one run for each. */
await makeReady({ for: "test" });
process.env.DKMS_AGENT_CRASH_STRIDE = "1";
runFiles(["crash-points", "injected-errors"].map((name) => `test/scenarios/${name}.test.ts`));
