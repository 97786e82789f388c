import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import v8 from "node:v8";
import vm from "node:vm";

// Preloaded into the program by compile-pieces.mjs: writes down what the engine has compiled of each file, when the program
// ends or changes the engine's flags, since compiled code is taken under the flags only that were set when it was kept.

/** @type {Map<string, import("node:vm").Script>} */
const scripts = new Map();

vm.Script = class extends vm.Script {
  /**
   * @param {string} source
   * @param {import("node:vm").ScriptOptions & { filename: string }} options
   */
  constructor(source, options) {
    super(source, options);
    scripts.set(options.filename, this);
  }
};

const { setFlagsFromString } = v8;
v8.setFlagsFromString = (flags) => {
  record();
  setFlagsFromString(flags);
};
process.on("exit", record);

function record() {
  const program = dirname(process.argv[1] ?? "");
  const directory = join(program, "compiled", `${process.versions.v8}-${process.arch}`);
  mkdirSync(directory, { recursive: true });
  for (const [name, script] of scripts) {
    const kept = join(directory, name);
    writeFileSync(kept, script.createCachedData());
    appendFileSync(kept, readFileSync(join(program, name)));
  }
  scripts.clear();
}
