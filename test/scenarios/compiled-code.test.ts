import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cli } from "../rig/agent.ts";
import { type ProgramResult, runProgram } from "../rig/run-program.ts";

interface Copy {
  directory: string;
  /** Of the copied program: where the engine's compiled code of each file is. */
  compiled: string;
}

const compiledCode = suite<Copy>("compiled code");

/** Preloaded into the program: says of each file that it loads whether kept code was there, and taken. */
const observer = `
const vm = require("node:vm"), path = require("node:path");
vm.Script = class extends vm.Script {
  constructor(source, options) {
    super(source, options);
    const state = options.cachedData ? (this.cachedDataRejected ? "refused" : "taken") : "none";
    console.error(path.basename(options.filename) + " " + state);
  }
};
`;

compiledCode.before.each((context) => {
  context.directory = mkdtempSync(join(tmpdir(), "dkms-agent-compiled-"));
  cpSync(dirname(cli), join(context.directory, "dist"), { recursive: true });
  context.compiled = join(context.directory, "dist/compiled", `${process.versions.v8}-${process.arch}`);
  writeFileSync(join(context.directory, "observer.cjs"), observer);
});

compiledCode.after.each(({ directory }) => rmSync(directory, { recursive: true, force: true }));

compiledCode("is taken by the Node that built the program, for commands and for dkms status", async (copy) => {
  for (const words of [["plan"], ["dkms", "status"]]) {
    const { stderr } = await run(copy, [...words, "--root", copy.directory]);
    assert.match(stderr, / taken\n/);
    assert.not.match(stderr, / (none|refused)\n/, stderr);
  }
});

compiledCode("does not tell where the program was built", ({ compiled }) => {
  const project = dirname(dirname(cli));
  const telling = readdirSync(compiled).filter((name) => readFileSync(join(compiled, name)).includes(project));
  assert.equal(telling, []);
});

compiledCode("is not taken of a file that somebody has changed since", async (copy) => {
  for (const name of readdirSync(copy.compiled)) {
    const file = join(copy.directory, "dist", name);
    writeFileSync(file, readFileSync(file, "latin1").replaceAll("Exit codes", "EXIT CODES"));
  }
  const { stdout, stderr } = await run(copy, ["--help"]);
  assert.match(stdout, /EXIT CODES/);
  assert.match(stderr, /^program-\w+\.cjs none$/m);
});

compiledCode("may be damaged, refused by the engine, or gone", async (copy) => {
  const { stdout: version } = await run(copy, ["--version"]);
  const spoil: readonly ((file: string) => void)[] = [
    (file) => writeFileSync(file, readFileSync(file).fill(0, 0, 8)),
    (file) => truncateSync(file, statSync(file).size >> 1),
    (file) => writeFileSync(file, ""),
    (file) => rmSync(file),
    () => rmSync(copy.compiled, { recursive: true, force: true }),
  ];
  for (const damage of spoil) {
    for (const name of readdirSync(copy.compiled)) damage(join(copy.compiled, name));
    const { exitCode, stdout, stderr } = await run(copy, ["--version"]);
    assert.equal([exitCode, stdout], [0, version]);
    assert.match(stderr, /^program-\w+\.cjs (none|refused)$/m);
    cpSync(join(dirname(cli), "compiled"), join(copy.directory, "dist/compiled"), { recursive: true });
  }
});

function run({ directory }: Copy, words: readonly string[]): Promise<ProgramResult> {
  const node = ["--require", join(directory, "observer.cjs"), join(directory, "dist/cli.cjs")];
  return runProgram(process.execPath, [...node, ...words], { cwd: directory });
}

compiledCode.run();
