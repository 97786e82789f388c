import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { buildId, bundleOptions } from "./bundle.mjs";

const project = join(import.meta.dirname, "..");

/**
 * Makes `dist/library/` of src/library.ts: one ES module with all its npm packages, and its type declarations. Only who
 * publishes the package, or tests it, waits for this.
 *
 * @param {string} to the directory to write
 */
export async function buildLibrary(to = join(project, "dist/library")) {
  const { build } = await import("esbuild");
  const staging = `${to}.${process.pid}`;
  rmSync(staging, { recursive: true, force: true });
  /** @satisfies {import("esbuild").BuildOptions} */
  const options = {
    ...bundleOptions,
    absWorkingDir: project,
    entryPoints: ["src/library.ts"],
    outfile: join(staging, "library.js"),
    format: "esm",
    // Some bundled packages are CommonJS and call require for Node's own modules.
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module";\nconst require = __createRequire(import.meta.url);',
    },
  };
  const { outputFiles } = await build({ ...options, write: false });
  const id = buildId(outputFiles.map(({ text }) => text));
  await build({ ...options, define: { DKMS_AGENT_BUILD: JSON.stringify(id) } });
  for (const [path, text] of declarations()) {
    mkdirSync(dirname(join(staging, path)), { recursive: true });
    writeFileSync(join(staging, path), text);
  }
  rmSync(to, { recursive: true, force: true });
  renameSync(staging, to);
}

/**
 * The type declarations that somebody who imports library.d.ts comes to, by their paths below src/: those of the other
 * files speak of packages that are not installed with this one.
 *
 * @returns {Map<string, string>}
 */
function declarations() {
  const scratch = mkdtempSync(join(tmpdir(), "dkms-agent-types-"));
  try {
    const config = join(scratch, "tsconfig.json");
    const compilerOptions = {
      noEmit: false,
      emitDeclarationOnly: true,
      declaration: true,
      outDir: join(scratch, "out"),
    };
    const places = { rootDir: project, typeRoots: [join(project, "node_modules/@types")] };
    const files = [join(project, "src/library.ts")];
    const own = { extends: join(project, "tsconfig.json"), compilerOptions: { ...compilerOptions, ...places } };
    writeFileSync(config, JSON.stringify({ ...own, include: [], files }));
    execFileSync("npx", ["--no-install", "tsc", "--project", config], { cwd: project, stdio: "inherit" });
    const found = new Map();
    const visit = (/** @type {string} */ file) => {
      const path = relative(join(scratch, "out/src"), file);
      if (found.has(path)) return;
      const text = readFileSync(file, "utf8");
      // Not every compiler takes the name of a source file in a declaration.
      found.set(path, text.replace(/(from |import\()("\.[^"]*)\.ts"/g, '$1$2.js"'));
      for (const [, target = ""] of text.matchAll(/(?:from |import\()"(\.[^"]*)\.ts"/g))
        visit(`${resolve(dirname(file), target)}.d.ts`);
    };
    visit(join(scratch, "out/src/library.d.ts"));
    return found;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await buildLibrary();
