import type { Host } from "./host.ts";
import type { CommandResult, Run } from "./run.ts";

/**
 * The host as one look sees it: what was asked before gets the same answer. For a short while only, and for places that
 * nothing changes meanwhile.
 */
export function rememberReads(host: Host): Host {
  const { files, findProgram, run } = host;
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
    run: rememberNoted(run),
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

function rememberNoted(run: Run): Run {
  const known = new Map<string, Promise<CommandResult>>();
  return (command) => {
    if (!command.isNoted) return run(command);
    const result = known.get(command.file) ?? run(command);
    known.set(command.file, result);
    return result;
  };
}
