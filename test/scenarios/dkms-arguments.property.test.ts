import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { testNeeding } from "../rig/test-needing.ts";
import { addSource, type Twins, twinWorld } from "../rig/twin-world.ts";

/** How often; more finds more: DKMS_AGENT_RUNS=500. */
const runs = Number(process.env.DKMS_AGENT_RUNS ?? 25);

const verbs = [
  ...["add", "remove", "build", "unbuild", "install", "uninstall", "match", "autoinstall", "mktarball", "ldtarball"],
  ...["status", "kernel_preinst", "kernel_postinst", "kernel_prerm"],
];
const modules = [
  "demo/1.0",
  "demo/2.0",
  "demo",
  "demo/",
  "nosuch/1.0",
  "other/1.0",
  "broken/1.0",
  "/1.0",
  "ROOT/src3",
  "ROOT/src4",
];
const kernels = ["6.1.0-1", "6.1.0-2", "6.1.0-9", "6.1.0-1/x86_64", "6.1.0-1/", "/x86_64", ""];
const options = [
  ...["--force", "--all", "-q", "--verbose", "--no-depmod", "--no-initrd", "--source-only", "--binaries-only"],
  ...["--bogus", "--help", "--version", "--force=1", "--force-version-override"],
];

const pick = (words: readonly string[]) => fc.constantFrom(...words);
const piece = fc.oneof(
  { weight: 6, arbitrary: pick(modules).map((word) => [word]) },
  { weight: 2, arbitrary: pick(modules).map((word) => ["-m", word]) },
  { weight: 1, arbitrary: pick(["1.0", "9.9", ""]).map((word) => ["-v", word]) },
  { weight: 6, arbitrary: pick(kernels).map((word) => ["-k", word]) },
  { weight: 1, arbitrary: pick(kernels).map((word) => [`--kernelver=${word}`]) },
  { weight: 2, arbitrary: pick(["x86_64", ""]).map((word) => ["-a", word]) },
  { weight: 4, arbitrary: pick(options).map((word) => [word]) },
  { weight: 1, arbitrary: pick(kernels).map((word) => [`--templatekernel=${word}`]) },
  { weight: 1, arbitrary: pick(["-m", "-k", "-a", "-c", "--directive", "-v"]).map((word) => [word]) },
  { weight: 1, arbitrary: pick(["ROOT/nosuch", "ROOT/src3/dkms.conf"]).map((word) => ["-c", word]) },
  { weight: 1, arbitrary: pick(verbs).map((word) => [word]) },
);
const lines = fc
  .tuple(fc.option(pick(verbs), { freq: 12 }), fc.array(piece, { maxLength: 5 }), fc.nat())
  .map(([verb, pieces, at]) => {
    const index = at % (pieces.length + 1);
    const all = verb === null ? pieces : [...pieces.slice(0, index), [verb], ...pieces.slice(index)];
    return all.flat();
  });

const property = suite("any command line: the exit code is dell/dkms's");

testNeeding(property, ["dkms"], `for ${runs} random command lines`, async (part) => {
  await fc.assert(
    fc.asyncProperty(lines, async (words) => {
      const world = twinWorld(part("dkms"));
      try {
        world.each((tree) => {
          tree.module("demo/1.0", { conf: "" }).built("6.1.0-1");
          addSource(tree, { name: "demo", version: "1.0" });
          tree.module("broken/1.0", { link: "dangling" });
          addSource(tree, { name: "demo", version: "1.0", directory: "src3" });
          addSource(tree, { name: "fresh", version: "1.0", directory: "src4" });
        });
        const twins = await world.run(words);
        assert.is(twins.ours.exitCode, expected(words, twins), describe(words, twins));
      } finally {
        world.remove();
      }
    }),
    { numRuns: runs, includeErrorInReport: true },
  );
});

property.run();

/** dell/dkms's exit code, but for the differences that are meant (see the notes in src/dkms/command-line). */
function expected(words: readonly string[], { ours, theirs }: Twins): number {
  const severalKernels = words.filter((word) => /^(-k|--kernelver=.*)$/.test(word)).length > 1;
  // Without an action dell/dkms exits with 0.
  if (ours.stderr.includes("No action is given") && theirs.exitCode === 0) return 2;
  // A word that cannot be the name of a directory is no kernel; dell/dkms finds nothing built for it.
  if (ours.stderr.includes('There is no kernel "')) return ours.exitCode;
  // Nobody can mean one dkms.conf for all modules; dell/dkms reads it for each of them.
  if (words.includes("-c") && words.some((word) => /^(autoinstall|kernel_|match)/.test(word))) return ours.exitCode;
  // Of several kernels dell/dkms tells the last one's code only.
  if (severalKernels && theirs.exitCode === 0) return ours.exitCode;
  return theirs.exitCode;
}

function describe(words: readonly string[], { ours, theirs }: Twins): string {
  return `dkms ${words.map((word) => JSON.stringify(word)).join(" ")}\nours: ${ours.stdout}${ours.stderr}\ntheirs: ${theirs.stdout}${theirs.stderr}`;
}
