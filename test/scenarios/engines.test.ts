import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type AgentRoot, agentRoot, cli, runAgent } from "../rig/agent.ts";
import { dellDkms } from "../rig/dell-dkms.ts";
import type { Dkms } from "../rig/parts.ts";
import { quickMachine, quickModule, wanted } from "../rig/quick-machine.ts";
import { runProgram } from "../rig/run-program.ts";
import { tarArchive } from "../rig/tar-archive.ts";
import { binariesOnlyFiles, objectFiles } from "../rig/tarballs.ts";
import { testNeeding } from "../rig/test-needing.ts";
import { dkmsTree } from "../rig/tree-builder.ts";
import { unsignedListing } from "../rig/tree-listing.ts";
import { addKernel, addSource } from "../rig/twin-world.ts";

const scenario = suite("apply with our engine and with dell/dkms");
const example = path.join(import.meta.dirname, "../../examples/modules/hello");
const name = "dkms-agent-hello";

/** One document after the other; the trees after each must be the same. */
const documents = [
  `  - {name: ${name}, version: "1.0.0", state: added}`,
  `  - {name: ${name}, version: "1.0.0"}`,
  `  - {name: ${name}, version: "1.0.0", state: built}`,
  `  - {name: ${name}, version: "1.0.0", source: ${example}, directives: {STRIP: "no"}}`,
  `  - {name: ${name}, version: "*", state: absent}`,
];

testNeeding(
  scenario,
  ["two-kernels", "dkms", "gcc", "make", "kmod", "root"],
  "leaves the same trees, document after document",
  async (part) => {
    const kernels = [part("two-kernels").newer];
    const dkms = part("dkms");
    // One after the other in the same place: paths are part of what is built.
    const ours = await leaves(agentRoot(kernels), dkms, "builtin");
    const theirs = await leaves(agentRoot(kernels, ours.root), dkms, "dkms");
    assert.equal(theirs, ours);
  },
);

testNeeding(
  scenario,
  ["dkms", "kmod", "root"],
  "archives are loaded by us, and installed and taken away by dell/dkms",
  async (part) => {
    const machine = quickMachine(["6.1.0-1-amd64"]);
    try {
      const files = [...binariesOnlyFiles(), ...objectFiles({ releases: ["6.1.0-1-amd64"] })];
      const archive = machine.at("demo.tar.gz");
      fs.writeFileSync(archive, gzipSync(tarArchive(files)));
      const sha256 = createHash("sha256").update(fs.readFileSync(archive)).digest("hex");
      const env = { PATH: `${commandDirectory(machine, part("dkms"))}:${process.env.PATH}` };
      const apply = async (document: string) => {
        machine.want(document);
        const { exitCode, stdout, stderr } = await runAgent(machine.root, ["apply", "--engine", "dkms"], { env });
        assert.is(exitCode, 0, stdout + stderr);
        assert.equal(await machine.planned(), []);
        return machine.status(part("dkms"));
      };
      const tarballs = `build: never, tarballs: [{path: ${archive}, sha256: ${sha256}}]`;
      const installed = await apply(`  - {name: demo, version: "1.0", ${tarballs}}`);
      assert.is(installed, "demo/1.0, 6.1.0-1-amd64, x86_64: installed\n");
      assert.ok(fs.existsSync(machine.at("lib/modules/6.1.0-1-amd64/updates/dkms/demo_b.ko")));
      assert.is(await apply('  - {name: demo, version: "1.0", state: absent}'), "");
      assert.not(fs.existsSync(machine.at("lib/modules/6.1.0-1-amd64/updates")));
    } finally {
      machine.remove();
    }
  },
);

testNeeding(scenario, ["dkms", "kmod", "root"], "a log without end is one of dell/dkms's builds too", async (part) => {
  const machine = quickMachine(["6.1.0-1-amd64"]);
  try {
    quickModule(machine, "evdi", { make: "yes evdi-without-end" });
    machine.want(wanted("evdi"));
    const env = { PATH: `${commandDirectory(machine, part("dkms"))}:${process.env.PATH}` };
    const { exitCode, stderr } = await runAgent(machine.root, ["apply", "--engine", "dkms"], { env });
    assert.is(exitCode, 1, stderr);
    assert.match(stderr, /wrote more than 64 MiB into its log, and was ended\. \[E_MAKE\]/);
    const log = machine.at("var/lib/dkms/evdi/1.0/build/make.log");
    assert.is(fs.statSync(log).size, 64 << 20);
    assert.match(stderr, log);
    assert.is((await runProgram("pgrep", ["-fc", "^yes evdi-without-end"])).stdout, "0\n");
  } finally {
    machine.remove();
  }
});

testNeeding(
  scenario,
  ["dkms", "kmod", "root", "gcc"],
  "want of memory is told of dell/dkms's builds too",
  async (part) => {
    const machine = quickMachine(["6.1.0-1-amd64"]);
    try {
      quickModule(machine, "evdi", { make: "ulimit -v 40000; gcc -S -x c -o /dev/null /dev/null" });
      machine.want(wanted("evdi"));
      const env = { PATH: `${commandDirectory(machine, part("dkms"))}:${process.env.PATH}` };
      const { exitCode, stderr } = await runAgent(machine.root, ["apply", "--engine", "dkms"], { env });
      assert.is(exitCode, 1, stderr);
      assert.match(stderr, /Memory ran out during dkms build evdi.*failed to map segment.*\[E_NO_MEMORY\]/);
    } finally {
      machine.remove();
    }
  },
);

scenario("where the host's dkms is this very program, it works under the lock of the apply", async () => {
  const machine = dkmsTree();
  try {
    addKernel(machine, "6.1.0-1");
    addSource(machine, { name: "demo", version: "1.0" });
    machine.link(cli, "bin/dkms");
    const env = { PATH: `${machine.at("bin")}:${process.env.PATH}` };
    for (const state of ["installed", "absent"]) {
      const modules = `kernels: [installed]\nmodules: [{name: demo, version: "1.0", state: ${state}}]\n`;
      machine.write("etc/dkms-agent/desired-state/demo.yaml", `apiVersion: dkms-agent/v1\n${modules}`);
      const words = ["apply", "--engine", "dkms", "--lock-timeout", "0"];
      const { exitCode, stdout, stderr } = await runAgent(machine.root, words, { env });
      assert.is(exitCode, 0, stdout + stderr);
      assert.is(fs.existsSync(machine.at("lib/modules/6.1.0-1/updates/dkms/demo.ko")), state === "installed");
    }
  } finally {
    machine.remove();
  }
});

scenario("a host without dkms is told so", async () => {
  const machine = agentRoot([]);
  try {
    machine.want(`  - {name: ${name}, version: "1.0.0", state: added}`);
    fs.cpSync(example, machine.at("usr/src", `${name}-1.0.0`), { recursive: true });
    const { exitCode, stderr } = await machine.run("apply", "--engine", "dkms");
    assert.is(exitCode, 1);
    assert.match(stderr, "E_NO_TOOL");
    assert.match(stderr, "--engine dkms");
    const unknown = await machine.run("apply", "--engine", "other");
    assert.is(unknown.exitCode, 64);
  } finally {
    machine.remove();
  }
});

scenario.run();

interface Left {
  readonly root: string;
  /** After each document: the status lines, and everything in the trees. */
  readonly after: readonly (readonly string[])[];
}

async function leaves(machine: AgentRoot, dkms: Dkms, engine: "builtin" | "dkms"): Promise<Left> {
  const after: (readonly string[])[] = [];
  try {
    fs.cpSync(example, machine.at("usr/src", `${name}-1.0.0`), { recursive: true });
    const env = { PATH: `${commandDirectory(machine, dkms)}:${process.env.PATH}` };
    for (const document of documents) {
      machine.want(document);
      const { exitCode, stdout, stderr } = await runAgent(machine.root, ["apply", "--engine", engine], { env });
      assert.is(exitCode, 0, stdout + stderr);
      assert.equal(await machine.planned(), []);
      after.push([document, await machine.status(dkms), ...listing(machine)]);
    }
  } finally {
    machine.remove();
  }
  return { root: machine.root, after };
}

/** A directory that holds dell/dkms under the name `dkms`, looking at the machine below the root alone. */
function commandDirectory(machine: AgentRoot, dkms: Dkms): string {
  const directory = machine.at("bin");
  fs.mkdirSync(directory);
  fs.symlinkSync(dellDkms(dkms, machine).script, path.join(directory, "dkms"));
  return directory;
}

/** Without what is ours alone, logs, keys, and the empty build directory that dell/dkms makes when it adds. */
function listing({ at, root }: AgentRoot): readonly string[] {
  const isOurs = (file: string) => /(^|\/)(\.dkms-agent[^/]*|make\.log|mok\.(key|pub)|build)($|\/)/.test(file);
  const trees = ["var/lib/dkms", "usr/src"].flatMap((tree) => unsignedListing(at(tree), isOurs));
  const installed = unsignedListing(at("lib/modules"), (file) => /modules\.|(^|\/)build$/.test(file));
  // Below a root our links are relative, so that they lead the same way from inside.
  return [...trees, ...installed].map((line) => line.replaceAll(root, "").replace(/-> (\.\.\/)+/, "-> /"));
}
