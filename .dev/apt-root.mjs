import { join } from "node:path";
import { build } from "./build.mjs";
import { cachedParts } from "./cache.mjs";
import { prepareDebianRoot } from "./debian-root.mjs";
import { prepare } from "./prepare.mjs";
import { show } from "./process.mjs";

/** Debian's packages installed and purged by apt-get, with our program as /usr/sbin/dkms. */
process.chdir(join(import.meta.dirname, ".."));
prepare({ for: "test" });
await build();
const [image] = cachedParts("linux-image");
if (!image) throw new Error("The preparation brought no kernel.");
prepareDebianRoot(image.name);
process.exitCode = show(process.execPath, ["--import", "tsx", "test/scenarios/apt-root.slow.ts"]);
