import { getEventListeners } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createHost } from "../../src/host/create-host.ts";
import type { Host } from "../../src/host/host.ts";
import { type JobPool, openJobPool, type Slot } from "../../src/host/job-pool.ts";

const pool = suite("openJobPool");
const directory = fs.mkdtempSync(path.join(os.tmpdir(), "dkms-agent-pool-"));

pool.after(() => fs.rmSync(directory, { recursive: true }));

async function open(host: Pick<Host, "run" | "signal">, jobs: number): Promise<JobPool> {
  const opened = await openJobPool(host, { directory, jobs });
  assert.equal(fs.readdirSync(directory), [], "the FIFO keeps no name");
  if (!opened) throw new Error("there is no pool");
  return opened;
}

async function take({ take }: JobPool): Promise<Slot> {
  const slot = await take();
  if (!slot) throw new Error("there is no slot");
  return slot;
}

pool("however many wait, Node warns of no leak, and afterwards nobody listens any more", async () => {
  const warnings: Error[] = [];
  const note = (warning: Error) => warnings.push(warning);
  process.on("warning", note);
  const host = createHost();
  const own = await open(host, 1);
  const all = Array.from({ length: 20 }, async () => (await take(own)).giveBack());
  await Promise.all(all);
  await own.close();
  await new Promise(setImmediate);
  process.off("warning", note);
  assert.equal(warnings, []);
  assert.equal(getEventListeners(host.signal, "abort"), []);
});

pool("gives out as many slots as there are jobs, and the next when one comes back", async () => {
  const own = await open(createHost(), 2);
  const first = await take(own);
  await take(own);
  let came = false;
  const third = take(own).then(() => {
    came = true;
  });
  await fs.promises.readdir(directory);
  assert.not(came);
  first.giveBack();
  await third;
  await own.close();
});

pool("gives out one slot more when it is told to, and keeps it", async () => {
  const own = await open(createHost(), 1);
  const first = await take(own);
  own.widen();
  const second = await take(own);
  first.giveBack();
  second.giveBack();
  const again = [await take(own), await take(own)];
  assert.is(again.length, 2, "none of them had to wait for another");
  await own.close();
});

pool("stays as it is where somebody has wanted to be alone", async () => {
  const own = await open(createHost(), 1);
  const alone = own.takeAll();
  own.widen();
  const slot = await alone;
  let came = false;
  const next = take(own).then(() => {
    came = true;
  });
  await fs.promises.readdir(directory);
  assert.not(came);
  slot?.giveBack();
  await next;
  await own.close();
});

pool(
  "gives out all at once to whoever wants to be alone, when the others are done, and to one after the other",
  async () => {
    const own = await open(createHost(), 3);
    const before = await take(own);
    const order: string[] = [];
    const wait = async (name: string, waiting: Promise<Slot | undefined>) => {
      const slot = await waiting;
      order.push(name);
      await fs.promises.readdir(directory);
      order.push(`${name} ends`);
      slot?.giveBack();
    };
    const all = [wait("first", own.takeAll()), wait("second", own.takeAll()), wait("third", own.take())];
    await fs.promises.readdir(directory);
    assert.equal(order, []);
    before.giveBack();
    await Promise.all(all);
    assert.equal(order, ["first", "first ends", "second", "second ends", "third", "third ends"]);
    await own.close();
  },
);

pool(
  "whoever is alone waits for no slots that a killed make has kept, and nobody takes those that come in their place",
  async () => {
    const host = createHost();
    const own = await open(host, 3);
    const [killed, other] = [await take(own), await take(own)];
    await host.run({ file: "sh", args: ["-c", "head -c 1 <&3"], descriptors: [own.descriptor], timeoutMs: 20_000 });
    const alone = own.takeAll();
    killed.giveBack();
    await fs.promises.readdir(directory);
    other.giveBack();
    const slot = await alone;
    let came = false;
    const next = take(own).then((given) => {
      came = true;
      return given;
    });
    await fs.promises.readdir(directory);
    assert.not(came);
    slot?.giveBack();
    (await next).giveBack();
    await own.close();
  },
);

pool(
  "lets make run as many jobs as there are free slots and its own, below a script that uses descriptor 3 for itself",
  async () => {
    const host = createHost();
    const own = await open(host, 3);
    await take(own);
    await take(own);
    const atOnce = await mostAtOnce(host, own);
    assert.is(atOnce, 2, "its own slot, and the one that nobody has taken");
    await own.close();
  },
);

pool("waits for a slot also when a make has set its end to not waiting", async () => {
  const host = createHost();
  const own = await open(host, 1);
  const slot = await take(own);
  const setting = "use Fcntl; open(my $end, '+<&=', 3); fcntl($end, F_SETFL, O_RDWR | O_NONBLOCK) or exit 1";
  const options = { descriptors: [own.descriptor], timeoutMs: 20_000 };
  assert.is((await host.run({ file: "perl", args: ["-e", setting], ...options })).exitCode, 0);
  const next = take(own);
  await fs.promises.readdir(directory);
  slot.giveBack();
  (await next).giveBack();
  await own.close();
});

pool("is full again when nobody holds anything, though a killed make has kept its slots", async () => {
  const host = createHost();
  const own = await open(host, 2);
  const slot = await take(own);
  // Takes a slot as a make does, and is gone with it.
  await host.run({ file: "sh", args: ["-c", "head -c 1 <&3"], descriptors: [own.descriptor], timeoutMs: 20_000 });
  slot.giveBack();
  await take(own);
  await take(own);
  await own.close();
});

pool("gives no slot to a run that is to stop, and can be closed then", async () => {
  const stop = new AbortController();
  const own = await open(createHost({ signal: stop.signal }), 1);
  const slot = await take(own);
  const waiting = own.take();
  stop.abort();
  assert.is(await waiting, undefined);
  assert.is(await own.take(), undefined);
  slot.giveBack();
  await own.close();
});

pool("gives no slot to who waits when it is given up, and whoever has one gives it back", async () => {
  const own = await open(createHost(), 1);
  const slot = await take(own);
  const waiting = own.take();
  own.giveUp();
  assert.is(await waiting, undefined);
  slot.giveBack();
  assert.is(await own.take(), undefined);
  await own.close();
});

pool("is none where no FIFO can be made", async () => {
  const host = createHost({ searchPath: "/nowhere" });
  assert.is(await openJobPool(host, { directory, jobs: 2 }), undefined);
});

/** How many of six targets a make had running at the same time. The first two wait for each other; more than those have time. */
async function mostAtOnce(host: Host, { descriptor, env, enter }: JobPool): Promise<number> {
  const [makefile, begun] = [path.join(directory, "Makefile"), path.join(directory, "begun")];
  // As a script does that keeps a log of its own.
  const script = `${enter}; exec sh -c 'exec 3> /dev/null; exec make -f ${makefile}'`;
  const two = `echo + | tee -a ${begun}; until [ "$$(wc -l < ${begun})" -ge 2 ]; do :; done`;
  fs.writeFileSync(makefile, `all: 1 2 3 4 5 6\n1 2 3 4 5 6:\n\t@${two}; sleep 0.2; echo -\n`);
  const command = { file: "bash", args: ["-c", script], env, descriptors: [descriptor], timeoutMs: 20_000 };
  const { stdout } = await host.run(command);
  for (const file of [makefile, begun]) fs.rmSync(file);
  let running = 0;
  return Math.max(...[...stdout.trim().split("\n")].map((line) => (running += line === "+" ? 1 : -1)));
}

pool.run();
