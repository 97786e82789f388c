/**
 * Loads the files beside cli.cjs, each once, as Node loads CommonJS, with two differences: the compiled code that
 * `npm run build` has kept of a file is used where this very engine made it from this very text (the engine itself checks
 * its version and flags, and compiles anew what does not fit); and no directory is searched for a package. Becomes part of
 * cli.cjs, and so uses nothing from outside it but its parameters.
 *
 * @param {NodeRequire} nodeRequire for Node's own modules
 * @param {string} directory
 * @returns {(name: string) => unknown} what the file exports
 */
export function pieceLoader(nodeRequire, directory) {
  const fs = nodeRequire("node:fs");
  const { Script } = nodeRequire("node:vm");
  const compiled = `${directory}/compiled/${process.versions.v8}-${process.arch}`;
  /** @type {Map<string, { exports: unknown }>} */
  const loaded = new Map();
  /** @param {string} name */
  function load(name) {
    const before = loaded.get(name);
    if (before) return before.exports;
    const module = { exports: {} };
    loaded.set(name, module);
    const text = fs.readFileSync(`${directory}/${name}`);
    const cachedData = compiledOf(name, text);
    const source = `(function(exports,require,module,__load){${text.latin1Slice()}\n})`;
    // What was compiled remembers its name: that of a directory would be the one in which it was built.
    const script = new Script(source, { filename: name, ...(cachedData && { cachedData }) });
    script.runInThisContext()(module.exports, nodeRequire, module, load);
    return module.exports;
  }
  /**
   * @param {string} name
   * @param {Buffer} text
   */
  function compiledOf(name, text) {
    if (!fs.existsSync(compiled)) return undefined;
    const file = `${compiled}/${name}`;
    const kept = fs.existsSync(file) ? fs.readFileSync(file) : undefined;
    const end = kept ? kept.length - text.length : 0;
    return kept && end > 0 && text.equals(kept.subarray(end)) ? kept.subarray(0, end) : undefined;
  }
  return load;
}
