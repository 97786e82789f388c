import { createHash } from "node:crypto";
import { basename, join, relative } from "node:path";
import { pieceLoader } from "./piece-loader.mjs";

/** @typedef {{ path: string, text: string }} OutputFile path: below the directory of the program */
/** @typedef {{ readonly texts: ReadonlyMap<string, string>, readonly starts: ReadonlySet<string> }} Pieces */

/**
 * What the program and the library are both bundled with.
 *
 * @satisfies {import("esbuild").BuildOptions}
 */
export const bundleOptions = /** @type {const} */ ({
  bundle: true,
  platform: "node",
  target: "node20.19",
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  logLevel: "warning",
});

/** Larger than this, in letters, what several files share is a file of its own; else each has a copy, which starts faster. */
const worthSharing = 50_000;

/**
 * The program and its npm packages as CommonJS, which Node starts faster than ES modules: cli.cjs, and a file for
 * whatever is behind an import(), so that nobody waits for what he does not use. The names of functions stay, for stack
 * traces. esbuild splits ES modules only, so it is run once to split them and once to make each file whole.
 *
 * @param {string} from the project
 * @returns {Promise<{ files: OutputFile[], inputs: string[] }>} with the names of all that went in
 */
export async function bundle(from) {
  const esbuild = await import("esbuild");
  const outdir = join(from, "dist");
  const split = await esbuild.build({
    ...bundleOptions,
    write: false,
    absWorkingDir: from,
    entryPoints: ["src/cli.ts"],
    outdir,
    splitting: true,
    format: "esm",
    metafile: true,
    chunkNames: "[name]-[hash]",
  });
  const texts = new Map(split.outputFiles.map(({ path, text }) => [basename(path), text]));
  const starts = startsOf(split.metafile, texts);
  const whole = await esbuild.build({
    ...bundleOptions,
    write: false,
    absWorkingDir: from,
    entryPoints: [...starts],
    outdir,
    outExtension: { ".js": ".cjs" },
    format: "cjs",
    // node-cron asks where its other files lie, for tasks in processes of their own: there are none.
    define: { "import.meta.url": '"file:///nowhere"', DKMS_AGENT_BUILD: JSON.stringify(buildId([...texts.values()])) },
    // import() of CommonJS would start Node's loader of ES modules.
    supported: { "dynamic-import": false },
    plugins: [joinPieces({ texts, starts })],
  });
  const { code: loader } = await esbuild.transform(`var __load=(${pieceLoader})(require,__dirname);`, { minify: true });
  const files = whole.outputFiles.map((file) => {
    const path = relative(outdir, file.path);
    return { path, text: loadPieces(loadLate(file.text, path === "cli.cjs" ? loader : "")) };
  });
  return { files, inputs: Object.keys(split.metafile.inputs) };
}

/**
 * What tells a program from every other one: src/commands/tool-version.ts.
 *
 * @param {readonly string[]} texts all that it is made of
 */
export function buildId(texts) {
  return createHash("sha256").update(JSON.stringify(texts)).digest("hex").slice(0, 16);
}

/**
 * The pieces that become files: where the program starts, what is imported late, and what is too large to copy.
 *
 * @param {import("esbuild").Metafile} metafile
 * @param {ReadonlyMap<string, string>} texts
 */
function startsOf(metafile, texts) {
  const outputs = Object.entries(metafile.outputs);
  const late = outputs.flatMap(([, { imports }]) => imports.filter(({ kind }) => kind === "dynamic-import"));
  const large = [...texts].filter(([, text]) => text.length > worthSharing).map(([name]) => name);
  return new Set(["cli.js", ...late.map(({ path }) => basename(path)), ...large]);
}

/**
 * @param {Pieces} pieces
 * @returns {import("esbuild").Plugin}
 */
function joinPieces({ texts, starts }) {
  return {
    name: "join-pieces",
    setup: (build) => {
      build.onResolve({ filter: /./ }, ({ path, kind }) => {
        const name = basename(path);
        if (!texts.has(name)) return { path, external: true };
        const isOwnFile = kind !== "entry-point" && starts.has(name);
        return isOwnFile
          ? { path: `./${name.replace(/js$/, "cjs")}`, external: true }
          : { path: name, namespace: "piece" };
      });
      build.onLoad({ filter: /./, namespace: "piece" }, ({ path }) => ({ contents: texts.get(path) ?? "" }));
    },
  };
}

/**
 * Node's own modules that most runs do not need are loaded when something of them is used, and of the others no copy is
 * made, as esbuild would: together that is a tenth of what a short command takes.
 *
 * @param {string} code of one file, by esbuild
 * @param {string} start what comes before all else
 */
function loadLate(code, start) {
  const isLate =
    /=((?:__)?require\("node:(?:child_process|crypto|readline|stream|stream\/promises|timers\/promises|tty|util|v8|zlib)"\))/g;
  const isCopied = /=__toESM\((require\("node:[\w/]+"\))\)/g;
  const helpers = [
    isLate.test(code)
      ? "var __late=load=>{let loaded;return new Proxy({},{get:(_,key)=>(loaded??=load())[key]})};"
      : "",
    isCopied.test(code) ? "var __builtin=module=>({__proto__:module,default:module});" : "",
  ];
  const late = code.replace(isLate, "=__late(()=>$1)").replace(isCopied, "=__builtin($1)");
  return late.replace(/^(?:#!.*\n)?(?:"use strict";)?/, `"use strict";${start}${helpers.join("")}`);
}

/**
 * The program's own files are loaded by {@link pieceLoader}, of which each of them has the function `__load`.
 *
 * @param {string} code
 */
function loadPieces(code) {
  if (/[^\0-\x7f]/.test(code)) throw new Error("esbuild writes ASCII, and the loader of pieces counts on it.");
  return code.replace(/\brequire\("\.\/([\w.-]+\.cjs)"\)/g, '__load("$1")');
}
