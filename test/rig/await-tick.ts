import fs from "node:fs";

/** Until the clock that stamps files has gone on: what is done from now on shows in their times. */
export function awaitTick(file: string): void {
  const stamp = () => {
    fs.writeFileSync(file, "");
    return fs.statSync(file).ctimeMs;
  };
  const made = stamp();
  while (stamp() === made);
  fs.rmSync(file);
}
