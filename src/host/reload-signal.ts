import process from "node:process";

/** Calls `reload` at each SIGHUP, which then ends nothing any more; until what it answers with is called. */
export function onReload(reload: () => void): () => void {
  process.on("SIGHUP", reload);
  return () => process.off("SIGHUP", reload);
}
