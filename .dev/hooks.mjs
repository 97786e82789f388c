import { prepareDebianRoot, prepareKernelLayer } from "./debian-root.mjs";
import { kernelsWithHeaders, readRelease } from "./kernels.mjs";
import { makeReady, runFiles } from "./proof.mjs";

/** Kernels installed and removed by apt-get in a Debian system that has our hooks. */
await makeReady({ for: "test" });
const release = prepareDebianRoot();
const { series } = readRelease(release);
const other = kernelsWithHeaders().find((one) => one.release !== release && readRelease(one.release).series === series);
if (!other) throw new Error(`There is no second kernel of ${series}.`);
prepareKernelLayer(other.release);
runFiles(["test/scenarios/hooks-root.slow.ts"]);
