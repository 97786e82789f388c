import fs from "node:fs";
import { type CorpusPackage, findPart } from "./parts.ts";

const sampleFile = new URL("../corpus/sample.json", import.meta.url);

/**
 * The packages to go through: the sample that every run of the tests takes, or, with DKMS_AGENT_CORPUS=all in the
 * environment, all that are in the cache. `npm run test:corpus` brings all and says so.
 */
export function corpusPackages(): readonly CorpusPackage[] {
  const lookup = findPart("corpus");
  const packages = lookup.found ? lookup.part.packages : [];
  const sorted = [...packages].sort((a, b) => a.package.localeCompare(b.package));
  if (process.env.DKMS_AGENT_CORPUS === "all") return sorted;
  const sample: readonly unknown[] = JSON.parse(fs.readFileSync(sampleFile, "utf8"));
  return sorted.filter((one) => sample.includes(one.package));
}
