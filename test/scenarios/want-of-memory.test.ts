import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type AgentRoot, runAgent } from "../rig/agent.ts";
import { isRunning } from "../rig/is-running.ts";
import { type MemoryGroup, memoryGroup, memoryGroupProblem } from "../rig/memory-group.ts";
import { quickMachine, quickModule, wanted } from "../rig/quick-machine.ts";
import type { ProgramResult } from "../rig/run-program.ts";
import { testNeeding } from "../rig/test-needing.ts";
import { treeListing } from "../rig/tree-listing.ts";

const release = "6.1.0-1-amd64";
const megabyte = 1 << 20;
/** Twice what the program itself needs, and less than it and the compiler of {@link largeSource}, or {@link holder}, do. */
const limit = 64 * megabyte;

/** One that cannot be had leaves the same stories with programs that kill themselves: then nobody knows who did it. */
const problem = memoryGroupProblem();
const isReal = problem === undefined;
if (!isReal)
  process.stdout.write(`programs kill themselves, in place of the kernel, since this makes no group: ${problem}\n`);
const code = isReal ? "E_NO_MEMORY" : "E_KILLED";

const memory = suite<{ machine: AgentRoot; group: MemoryGroup | undefined }>("memory runs out during apply");
const needs = ["root", "gcc", "make", "kmod", "flock"] as const;

memory.before.each((context) => {
  context.machine = quickMachine([release]);
  context.group = isReal ? memoryGroup(limit) : undefined;
});
memory.after.each(async ({ machine, group }) => {
  await group?.remove();
  machine.remove();
});

testNeeding(
  memory,
  needs,
  "the compiler is ended: the other module is done, this one is as it was, and tried again",
  async (_, { machine, group }) => {
    const compile = isReal ? "gcc -c made/large.c -o large.o" : "kill -KILL $$$$";
    const source = quickModule(machine, "evdi", { make: "make -f made/large.mk" });
    fs.writeFileSync(path.join(source, "made/large.c"), largeSource);
    fs.writeFileSync(path.join(source, "made/large.mk"), `all:\n\t${compile}\n`);
    quickModule(machine, "other");
    machine.want(`${wanted("evdi")}\n${wanted("other")}`);
    const before = ownOf(machine, "evdi");
    const { exitCode, stdout, stderr } = await applyIn(machine, group, "--jobs", "2");
    const said = stdout + stderr;
    assert.is(exitCode, 1, said);
    assert.match(said, new RegExp(`during the build of evdi/1\\.0@.*, alone and with one job\\. \\[${code}\\]`));
    if (isReal) assert.match(stderr, /the kernel ended a program of it/);
    if (isReal) assert.match(stderr, /→ Give the machine, or whatever limits this program, more memory or swap; dmesg/);
    assert.equal(ownOf(machine, "evdi"), before);
    assert.equal(installed(machine), ["other.ko"]);
    const history = (await machine.run("history")).stdout;
    assert.match(history, new RegExp(`failed at build evdi/1\\.0@.* \\[${code}\\]; 4 steps done, 1 taken back`));
    assert.match(history, /\n\nThe next apply tries again what failed\.\n$/);
    quickModule(machine, "evdi");
    await machine.apply();
    assert.equal(installed(machine), ["evdi.ko", "other.ko"]);
    assert.equal(await machine.planned(), []);
  },
);

testNeeding(
  memory,
  needs,
  "what is too much for all jobs at once is built by one, and that is told",
  async (_, { machine, group }) => {
    const source = quickModule(machine, "evdi", { make: "make -f made/eat.mk" });
    fs.writeFileSync(path.join(source, "made/eat.mk"), eatingRules);
    fs.writeFileSync(path.join(source, "made/eat.pl"), eater);
    quickModule(machine, "other");
    machine.want(`${wanted("evdi")}\n${wanted("other")}`);
    const { exitCode, stdout, stderr } = await applyIn(machine, group, "--jobs", "3");
    assert.is(exitCode, 0, stdout + stderr);
    assert.match(stdout, new RegExp(`It was built once more, alone and with one job\\. .*\\[${code}\\]`));
    assert.equal(installed(machine), ["evdi.ko", "other.ko"]);
  },
);

testNeeding(
  memory,
  needs,
  "a dkms.conf takes it all: its module is blocked, the other one is done",
  async (_, { machine, group }) => {
    const eat = isReal ? "x=$(head -c 100000000 /dev/zero | tr '\\0' x)" : "kill -KILL $$";
    quickModule(machine, "evdi", { conf: `[ ! -e ${machine.at("etc/eat")} ] || ${eat}` });
    fs.writeFileSync(machine.at("etc/eat"), "");
    quickModule(machine, "other");
    machine.want(`${wanted("evdi")}\n${wanted("other")}`);
    const { exitCode, stdout, stderr } = await applyIn(machine, group);
    assert.is(exitCode, 3, stdout + stderr);
    assert.match(
      stderr,
      isReal ? /evdi\/1\.0@.* Memory ran out during the evaluation of .*dkms\.conf/ : /killed by a signal/,
    );
    assert.equal(installed(machine), ["other.ko"]);
    fs.rmSync(machine.at("etc/eat"));
    await machine.apply();
    assert.equal(installed(machine), ["evdi.ko", "other.ko"]);
  },
);

testNeeding(
  memory,
  needs,
  "the program itself is ended: the next run ends what it has left running, and goes on",
  async (_, { machine, group }) => {
    const [own, held] = [machine.at("own"), machine.at("held")];
    const source = quickModule(machine, "evdi", { make: `perl made/hold.pl ${own} ${held}` });
    fs.writeFileSync(path.join(source, "made/hold.pl"), holder);
    machine.want(wanted("evdi"));
    // The kernel is to choose the program, although its build is what grows.
    const start = 'echo $$ > "$0"; echo 1000 > /proc/$$/oom_score_adj; exec "$@"';
    const prefix = [...(group?.prefix ?? []), "sh", "-c", start, own];
    const { exitCode } = await runAgent(machine.root, ["apply"], { prefix });
    assert.is(exitCode, -1, "a signal has ended it");
    assert.match((await machine.run("history")).stdout, /cut off during build evdi\/1\.0@.*, by a kill/);
    const left = Number(fs.readFileSync(held, "utf8"));
    assert.ok(isRunning(left));
    quickModule(machine, "evdi");
    await machine.apply();
    assert.not.ok(isRunning(left));
    assert.equal(installed(machine), ["evdi.ko"]);
    assert.equal(await machine.planned(), []);
    assert.equal(fs.readdirSync(machine.at("var/lib/dkms/evdi/1.0")).sort(), [release, "source"]);
  },
);

/** Half a million numbers: the compiler wants 80 MB for them. */
const largeSource = `#define A 1,2,3,4,5,6,7,8,
#define B A A A A A A A A
#define C B B B B B B B B
#define D C C C C C C C C
#define E D D D D D D D D
#define F E E E E E E E E
int large[] = { F F };
`;

/** Three programs, which know whether others run beside them. */
const eatingRules = `all: 1 2 3
\tcp made/$(kernelver).ko evdi.ko
1 2 3:
\tperl made/eat.pl $@ $(findstring jobserver,$(MAKEFLAGS)) || { touch ended; false; }
`;

/** Takes 20 MB, and beside others keeps them until each has as much, or one was ended. */
const eater = `my ($name, $others) = @ARGV;
kill KILL => $$ if $others && ${isReal ? 0 : 1};
open my $zeros, '<', '/dev/zero';
sysread $zeros, my $memory, 20 * ${megabyte};
open my $full, '>', "full-$name";
select undef, undef, undef, 0.01 until !$others || -e 'ended' || 3 == grep { -e "full-$_" } 1 .. 3;
`;

/** Takes 52 MB, too much beside the program alone, which is to be ended for it; then waits for whoever ends it. */
const holder = `open my $score, '>', '/proc/self/oom_score_adj';
print $score 0;
close $score;
open my $own, '<', $ARGV[0];
open my $held, '>', $ARGV[1];
print $held $$;
close $held;
kill KILL => <$own> unless ${isReal ? 1 : 0};
open my $zeros, '<', '/dev/zero';
sysread $zeros, my $memory, 52 * ${megabyte};
sleep 300;
`;

memory.run();

function applyIn(
  machine: AgentRoot,
  group: MemoryGroup | undefined,
  ...words: readonly string[]
): Promise<ProgramResult> {
  return runAgent(machine.root, ["apply", ...words], { prefix: group?.prefix ?? [] });
}

function installed({ at }: AgentRoot): readonly string[] {
  const directory = at("lib/modules", release, "updates/dkms");
  return fs.existsSync(directory) ? fs.readdirSync(directory).sort() : [];
}

/** Everything of a module in the three trees. */
function ownOf({ root }: AgentRoot, name: string): readonly string[] {
  return treeListing(root, (file) => file === "var/lib/dkms/.dkms-agent").filter((line) => line.includes(name));
}
