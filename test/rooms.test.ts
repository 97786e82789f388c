import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { orderByDependency } from "../src/dkms/graph.ts";

const source = path.join(import.meta.dirname, "..", "src");

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
  /** Loaded only where the program comes to it. */
  readonly isLate: boolean;
}

const files = fs
  .readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .sort();
const imports = files.flatMap(importsOf);

/** What a room may import: any file of the rooms in `values`, and types from those in `types`. */
interface Rule {
  readonly values: readonly string[];
  readonly types?: readonly string[];
}

const everything = [
  "contract",
  "desired-state",
  "actual-state",
  "plan",
  "apply",
  "report",
  "dkms",
  "host",
  "commands",
  "daemon",
  "",
];
const rules: Readonly<Record<string, Rule>> = {
  "": { values: everything },
  commands: { values: everything },
  daemon: { values: everything },
  contract: { values: [] },
  report: { values: [], types: ["contract", "desired-state", "actual-state", "plan", "apply", "dkms", "daemon"] },
  apply: { values: ["plan", "dkms", "host"], types: ["desired-state"] },
  plan: { values: ["dkms"], types: ["desired-state", "actual-state"] },
  "actual-state": { values: ["dkms", "host"] },
  "desired-state": { values: ["dkms", "host"] },
  dkms: { values: ["host"] },
  host: { values: [] },
};

/** The pure files of the engine, which may be imported where nothing may touch the machine. */
const pureEngineFiles = [
  "id.ts",
  "version-order.ts",
  "graph.ts",
  "failure.ts",
  "compile-glob.ts",
  "compile-regex.ts",
  "parse-regex.ts",
  "posix-classes.ts",
  "text-pattern.ts",
  "kernel.ts",
  "loaded-name.ts",
  "object-name.ts",
  "tarball/loaded-from.ts",
].map((file) => `dkms/${file}`);

const rooms = suite("the rooms of the house");

rooms("every room imports only what it may", () => {
  assert.ok(imports.length > 100);
  const wrong = imports.filter((one) => !isAllowed(one)).map(describe);
  assert.equal(wrong, []);
});

rooms("the planner uses only pure files of the engine", () => {
  const values = imports.filter(({ from, to, typeOnly }) => room(from) === "plan" && room(to) === "dkms" && !typeOnly);
  const wrong = values.filter(({ to }) => !pureEngineFiles.includes(to)).map(describe);
  assert.equal(wrong, []);
  const impure = imports.filter(({ from, to }) => pureEngineFiles.includes(from) && !pureEngineFiles.includes(to));
  assert.equal(impure.map(describe), []);
});

rooms("no imports go in a circle, types included", () => {
  const next = new Map<string, string[]>();
  for (const { from, to } of imports) next.set(from, [...(next.get(from) ?? []), to]);
  assert.equal(orderByDependency(files, (file) => next.get(file) ?? []).cycles, []);
});

rooms("an apply loads what plans, scans, builds and reads objects only where it comes to that", () => {
  const loaded = new Set(["commands/apply.ts", "commands/last-run/keep-run.ts"]);
  for (const file of loaded)
    for (const { from, to, typeOnly, isLate } of imports) if (from === file && !typeOnly && !isLate) loaded.add(to);
  assert.ok(loaded.has("reconcile.ts"));
  const late = ["plan/assemble-plan.ts", "actual-state/scan-actual.ts", "apply/carry-out.ts", "dkms/verbs/build.ts"];
  const rare = ["dkms/read-object.ts", "desired-state/parse-yaml.ts", "apply/admit-earlier.ts", "commands/plan.ts"];
  assert.equal(
    [...late, ...rare].filter((file) => loaded.has(file)),
    [],
  );
  for (const file of [...late, ...rare]) assert.ok(files.includes(file), file);
});

/** Packages, and what of Node touches the machine, with their owners: one, but for the schemas. */
const owners: Readonly<Record<string, readonly string[]>> = {
  commander: ["commands"],
  "fastest-levenshtein": ["dkms"],
  fzstd: ["host"],
  "node-cron": ["daemon"],
  "node:child_process": ["host"],
  "node:fs": ["host"],
  "xxhash-wasm": ["host"],
  "xz-decompress": ["host"],
  yaml: ["desired-state"],
  zod: ["contract", "desired-state"],
};

rooms("every package is imported by its owner, and by nobody else", () => {
  const importers = new Map<string, Set<string>>();
  for (const file of files) {
    for (const { specifier } of specifiersOf(file).filter((one) => !one.specifier.startsWith("."))) {
      const name = packageName(specifier);
      if (name.startsWith("node:") && !(name in owners)) continue;
      importers.set(name, (importers.get(name) ?? new Set()).add(room(file)));
    }
  }
  const found = [...importers].map(([name, rooms]) => [name, [...rooms].sort()] as const);
  assert.equal(Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1))), owners);
});

rooms("only the command line asks for arguments and ends the process", () => {
  const wrong = files
    .filter((file) => file !== "cli.ts")
    .filter((file) => /process\.(argv|exit)\b|console\./.test(read(file)));
  assert.equal(wrong, []);
});

rooms.run();

function read(file: string): string {
  return fs.readFileSync(path.join(source, file), "utf8");
}

function specifiersOf(file: string): readonly { specifier: string; typeOnly: boolean; isLate: boolean }[] {
  const text = read(file);
  const fixed = [...text.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from\s+"([^"]+)"/gm)];
  const bare = [...text.matchAll(/^import\s+"([^"]+)"/gm)];
  const lazy = [...text.matchAll(/(typeof\s+)?import\("([^"]+)"\)/g)];
  return [
    ...fixed.map(([, type, specifier = ""]) => ({ specifier, typeOnly: type !== undefined, isLate: false })),
    ...bare.map(([, specifier = ""]) => ({ specifier, typeOnly: false, isLate: false })),
    ...lazy.map(([, type, specifier = ""]) => ({ specifier, typeOnly: type !== undefined, isLate: true })),
  ];
}

function importsOf(file: string): readonly Import[] {
  return specifiersOf(file)
    .filter(({ specifier }) => specifier.startsWith("."))
    .map(({ specifier, ...how }) => ({ from: file, to: path.join(path.dirname(file), specifier), ...how }));
}

/** The directory directly below src; the empty text for src itself. */
function room(file: string): string {
  const slash = file.indexOf("/");
  return slash < 0 ? "" : file.slice(0, slash);
}

function packageName(specifier: string): string {
  if (specifier.startsWith("node:")) return specifier.split("/").slice(0, 1).join("/");
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function isAllowed({ from, to, typeOnly }: Import): boolean {
  if (room(from) === room(to)) return true;
  // JSON that is shipped with the program (the schema, the version) belongs to no room.
  if (to.startsWith("..")) return to.endsWith(".json");
  const rule = rules[room(from)];
  return rule !== undefined && (rule.values.includes(room(to)) || (typeOnly && (rule.types ?? []).includes(room(to))));
}

function describe({ from, to, typeOnly }: Import): string {
  return `${from} -> ${to}${typeOnly ? " (types)" : ""}`;
}
