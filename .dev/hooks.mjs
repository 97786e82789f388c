import { join } from "node:path";
import { build } from "./build.mjs";
import { cachedParts } from "./cache.mjs";
import { prepareDebianRoot, prepareKernelLayer } from "./debian-root.mjs";
import { kernelsWithHeaders } from "./kernels.mjs";
import { prepare } from "./prepare.mjs";
import { show } from "./process.mjs";

/** Kernels installed and removed by apt-get in a Debian system that has our hooks. */
process.chdir(join(import.meta.dirname, ".."));
prepare({ for: "test" });
await build();
const [image] = cachedParts("linux-image");
if (!image) throw new Error("The preparation brought no kernel.");
prepareDebianRoot(image.name);
const series = image.name.split(".").slice(0, 2).join(".");
const other = kernelsWithHeaders().find(({ release }) => release !== image.name && release.startsWith(`${series}.`));
if (!other) throw new Error(`There is no second kernel of ${series}.`);
prepareKernelLayer(other.release);
process.exitCode = show(process.execPath, ["--import", "tsx", "test/scenarios/hooks-root.slow.ts"]);
