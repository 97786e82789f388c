import { prepareDebianRoot } from "./debian-root.mjs";
import { makeReady, runFiles } from "./proof.mjs";

/** Debian's packages installed and purged by apt-get, with our program as /usr/sbin/dkms. */
await makeReady({ for: "test" });
prepareDebianRoot();
runFiles(["test/scenarios/apt-root.slow.ts"]);
