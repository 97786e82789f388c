import process from "node:process";
import { configureGlobal } from "fast-check";

// Loaded before a test file: what its properties are tried with is the same in each run of the tests, so that a change fails
// or passes for its own sake. Another number tries others.
configureGlobal({ seed: Number(process.env.DKMS_AGENT_SEED ?? 1) });
