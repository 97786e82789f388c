import type { Host } from "./host.ts";

/**
 * The host as one look sees it: what was asked before gets the same answer. For a short while only, and for places that
 * nothing changes meanwhile.
 */
export function rememberReads(host: Host): Host {
  const { files, findProgram } = host;
  return {
    ...host,
    files: {
      ...files,
      list: remember(files.list),
      stat: remember(files.stat),
      readText: remember(files.readText),
      sha256: remember(files.sha256),
    },
    findProgram: remember(findProgram),
  };
}

/** A throw is not remembered: it comes again by itself. */
function remember<T>(read: (path: string) => T): (path: string) => T {
  const known = new Map<string, { readonly answer: T }>();
  return (path) => {
    const before = known.get(path);
    if (before) return before.answer;
    const answer = read(path);
    known.set(path, { answer });
    return answer;
  };
}
