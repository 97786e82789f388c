import { readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const project = join(import.meta.dirname, "..");
const place = `node_modules/.cache/dkms-agent/tests-${process.pid}`;

/**
 * Makes JavaScript of test files and of all that they import, once for all of them: to have each process do that for
 * itself takes longer than most of them run. A file knows its own place as if nothing had been made of it. What was made is
 * gone when this process ends.
 *
 * @param {readonly string[]} files below the project
 * @returns {Promise<(file: string) => string>} what to run for each
 */
export async function bundleTests(files) {
  const { build } = await import("esbuild");
  process.once("exit", () => rmSync(join(project, place), { recursive: true, force: true }));
  await build({
    absWorkingDir: project,
    entryPoints: [...files],
    outdir: place,
    outbase: ".",
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    packages: "external",
    sourcemap: true,
    sourcesContent: false,
    logLevel: "warning",
    plugins: [ownPlace],
  });
  return (file) => join(place, file.replace(/\.ts$/, ".mjs"));
}

/** @type {import("esbuild").Plugin} */
const ownPlace = {
  name: "own-place",
  setup: (build) => {
    build.onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      loader: "ts",
      contents: readFileSync(path, "utf8")
        .replaceAll("import.meta.dirname", JSON.stringify(dirname(path)))
        .replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href)),
    }));
  },
};
