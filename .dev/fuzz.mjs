import { join } from "node:path";
import { show } from "./process.mjs";

/** Mutated tarballs for a minute, or for as many seconds as the argument says. */
process.chdir(join(import.meta.dirname, ".."));
process.env.DKMS_AGENT_FUZZ_SECONDS = process.argv[2] ?? "60";
process.exitCode = show(process.execPath, ["--import", "tsx", "test/dkms/tarball/fuzz-tarballs.test.ts"]);
