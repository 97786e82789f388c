import { EventEmitter, once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type DirectoryWatch, watchDirectories } from "../../src/host/watch-directories.ts";

interface World {
  directory: string;
  watch: DirectoryWatch;
  /** Does something, and waits until it is told of. */
  told: (doing: () => void) => Promise<unknown>;
}

const watching = suite<World>("watchDirectories");

watching.before.each((context) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "dkms-agent-watch-"));
  const bell = new EventEmitter();
  context.directory = directory;
  context.watch = watchDirectories(() => bell.emit("changed"));
  context.told = (doing) => {
    const heard = once(bell, "changed", { signal: AbortSignal.timeout(20_000) });
    doing();
    return heard;
  };
});

watching.after.each(({ directory, watch }) => {
  watch.close();
  fs.rmSync(directory, { recursive: true, force: true });
});

watching("tells of what comes, changes and goes", async ({ directory, watch, told }) => {
  const file = path.join(directory, "a");
  assert.equal(watch.set([directory]), { isNew: true, refused: [] });
  assert.equal(watch.set([directory]), { isNew: false, refused: [] });
  await told(() => fs.writeFileSync(file, "1"));
  await told(() => fs.appendFileSync(file, "2"));
  await told(() => fs.chmodSync(file, 0o600));
  await told(() => fs.renameSync(file, `${file}2`));
  await told(() => fs.rmSync(`${file}2`));
});

watching("a directory that is removed and made again is taken up again", async ({ directory, watch, told }) => {
  const inner = path.join(directory, "inner");
  assert.is(watch.set([directory, inner]).isNew, true);
  await told(() => fs.mkdirSync(inner));
  assert.is(watch.set([directory, inner]).isNew, true);
  await told(() => fs.rmdirSync(inner));
  watch.set([directory, inner]);
  await told(() => fs.mkdirSync(inner));
  assert.is(watch.set([directory, inner]).isNew, true);
  watch.set([inner]);
  await told(() => fs.writeFileSync(path.join(inner, "a"), ""));
});

watching(
  "also if nobody looked in between, and if it has the inode of the one before",
  async ({ directory, watch, told }) => {
    const inner = path.join(directory, "inner");
    fs.mkdirSync(inner);
    watch.set([inner]);
    await told(() => {
      fs.rmdirSync(inner);
      fs.mkdirSync(inner);
    });
    assert.is(watch.set([inner]).isNew, true);
    await told(() => fs.writeFileSync(path.join(inner, "a"), ""));
  },
);

watching("what is not there is neither watched nor refused", ({ watch }) => {
  assert.equal(watch.set(["/nowhere/at/all"]), { isNew: false, refused: [] });
});

watching.run();
