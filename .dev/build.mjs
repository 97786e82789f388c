import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { bundle } from "./bundle.mjs";
import { compilePieces } from "./compile-pieces.mjs";

/** @typedef {{ from: string, to: string }} Places the project, and the directory to write */

const project = join(import.meta.dirname, "..");

/**
 * Bundles the program into `dist/`. Does nothing when dist is newer than all that it is made of.
 *
 * @param {Places} [places]
 * @returns {Promise<boolean>} whether anything was built
 */
export async function build({ from, to } = { from: project, to: join(project, "dist") }) {
  if (isCurrent({ from, to })) return false;
  const { files, inputs } = await bundle(from);
  const staging = `${to}.new`;
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging);
  for (const { path, text } of files) writeFileSync(join(staging, path), text);
  markExecutable(join(staging, "cli.cjs"));
  writeManual(staging);
  compilePieces(staging);
  writeFileSync(join(staging, "THIRD-PARTY-LICENSES.txt"), licenses(from, inputs));
  rmSync(to, { recursive: true, force: true });
  renameSync(staging, to);
  return true;
}

const makers = ["build", "bundle", "compile-pieces", "piece-loader", "record-compiled"].map(
  (name) => `.dev/${name}.mjs`,
);

/** @param {Places} places */
function isCurrent({ from, to }) {
  const built = modified(join(to, "cli.cjs"));
  const inputs = ["package.json", "package-lock.json", "tsconfig.json", ...makers].map((name) => join(from, name));
  return [...inputs, ...filesBelow(join(from, "src"))].every((file) => modified(file) < built);
}

/** @param {string} file */
function modified(file) {
  return existsSync(file) ? statSync(file).mtimeMs : 0;
}

/**
 * A directory counts too: its time tells of files that were removed.
 *
 * @param {string} directory
 * @returns {string[]}
 */
function filesBelow(directory) {
  const entries = readdirSync(directory, { recursive: true, encoding: "utf8" });
  return [directory, ...entries.map((name) => join(directory, name))];
}

/** @param {string} file */
function markExecutable(file) {
  const text = readFileSync(file, "utf8");
  if (!text.startsWith("#!")) writeFileSync(file, `#!/usr/bin/env node\n${text}`);
  chmodSync(file, 0o755);
}

/**
 * The program knows its own manual pages.
 *
 * @param {string} directory
 */
function writeManual(directory) {
  mkdirSync(join(directory, "man"));
  for (const page of ["dkms-agent.8", "dkms-agent.yaml.5"]) {
    const text = execFileSync(process.execPath, [join(directory, "cli.cjs"), "man", page]);
    writeFileSync(join(directory, "man", page), text);
  }
}

/**
 * The licences of all bundled packages, by name.
 *
 * @param {string} from
 * @param {readonly string[]} inputs files of the bundle
 */
function licenses(from, inputs) {
  const packages = new Set(
    inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0] ?? []),
  );
  return [...packages]
    .sort()
    .map((directory) => license(resolve(from, directory)))
    .join("\n");
}

/**
 * A package that ships no licence file is passed on with what it declares, which must at least be a licence and an
 * author.
 *
 * @param {string} directory of a package
 */
function license(directory) {
  const { name, version, license: kind, author } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
  const file = readdirSync(directory).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  if (!file && !(kind && author)) throw new Error(`The package ${name} declares no licence to pass on.`);
  const title = `${name} ${version} (${kind})`;
  const text = file ? readFileSync(join(directory, file), "utf8").trim() : `Copyright ${author.name ?? author}`;
  return `${title}\n${"-".repeat(title.length)}\n\n${text}\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  console.log((await build()) ? "Built dist/." : "dist/ is up to date.");
}
