import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type AgentRoot, agentRoot, runAgent } from "../rig/agent.ts";
import type { HeadersOfKernel } from "../rig/kernels-with-headers.ts";
import { quickMachine, quickModule, wanted } from "../rig/quick-machine.ts";
import { type ArchivedFile, tarArchive } from "../rig/tar-archive.ts";
import { binariesOnlyFiles, type DemoTarball, objectFiles } from "../rig/tarballs.ts";
import { testNeeding } from "../rig/test-needing.ts";
import { treeListing } from "../rig/tree-listing.ts";
import { twoObjects } from "../rig/two-objects.ts";
import { withoutPrograms } from "../rig/without-programs.ts";

const names = ["demo_a", "demo_b"];

const scenario = suite("documents that list tarballs");

testNeeding(
  scenario,
  ["two-kernels", "gcc", "make", "kmod", "dkms"],
  "a host without headers has its modules from archives: loaded, swapped, refused, taken away",
  async (part) => {
    const { older, newer } = part("two-kernels");
    const objects = await buildObjects([older, newer]);
    const machine = hostWithoutHeaders([older, newer]);
    const { status } = { status: () => machine.status(part("dkms")) };
    const bothInstalled = [older, newer].map(({ release }) => `demo/1.0, ${release}, x86_64: installed\n`).join("");
    try {
      const before = listing(machine);
      const first = archive(machine, "first.tar.gz", objects);

      want(machine, { path: first.path, sha256: "0".repeat(64) });
      const refused = await machine.run("apply");
      assert.is(refused.exitCode, 3);
      assert.match(refused.stderr, `its sha256 is ${first.sha256}, not ${"0".repeat(64)}`);
      assert.equal(listing(machine), before, "nothing is unpacked from an archive with another digest");

      want(machine, first, "installed");
      fs.mkdirSync(machine.at("lib/modules/6.99.0-none/kernel"), { recursive: true });
      const planned = await machine.run("plan");
      assert.match(
        planned.stdout,
        /demo\/1\.0@6\.99\.0-none\/x86_64 +blocked +no archive that the document lists holds/,
      );
      assert.match(await machine.apply(3), "2 to install, 1 blocked");
      assert.is(await status(), bothInstalled, "what can be reached is, although another kernel is blocked");
      fs.rmSync(machine.at("lib/modules/6.99.0-none"), { recursive: true });
      for (const { release } of [older, newer]) expectInstalled(machine, release, objects);

      await machine.apply();
      fs.rmSync(first.path);
      assert.equal(await machine.planned(), [], "an archive whose content is loaded need not be there");

      const changed = objects.map((one) => ({ ...one, content: Buffer.concat([one.content, Buffer.from("2")]) }));
      const second = archive(machine, "second.tar.gz", changed);
      want(machine, second);
      assert.match((await machine.run("plan")).stdout, "add, reload, install  it was loaded from another archive");
      await machine.apply();
      for (const { release } of [older, newer]) expectInstalled(machine, release, changed);
      assert.equal(await machine.planned(), []);

      const swapped = changed.map((one) => ({
        ...one,
        release: one.release === older.release ? newer.release : older.release,
      }));
      want(machine, archive(machine, "wrong.tar.gz", swapped));
      const failed = await machine.run("apply");
      assert.is(failed.exitCode, 1);
      assert.match(failed.stderr, "E_WRONG_KERNEL");
      for (const { release } of [older, newer]) expectInstalled(machine, release, changed);
      assert.is(await status(), bothInstalled);

      machine.want("  - {name: demo, version: '1.0', state: absent}");
      await machine.apply();
      assert.equal(listing(machine), before, "absent leaves no trace, not even the dkms.conf in the source tree");
    } finally {
      machine.remove();
    }
  },
);

testNeeding(
  scenario,
  ["root", "unshare", "kmod"],
  "a dkms.conf that needs bash is no matter to a host without bash: the build record says what is needed",
  async () => {
    const releases = ["6.1.0-1-amd64", "6.1.0-2-amd64"];
    const [builder, bare] = [quickMachine(releases), quickMachine(releases)];
    const without = withoutPrograms(["bash"]);
    const run = async (exitCode: number, ...words: readonly string[]) => {
      const result = await runAgent(bare.root, words, without);
      assert.is(result.exitCode, exitCode, `${words.join(" ")}: ${result.stdout}${result.stderr}`);
      return result.stdout;
    };
    try {
      const conf = 'if [ "$kernelver" = 6.1.0-2-amd64 ]; then DEST_MODULE_LOCATION=$(echo /extra); AUTOINSTALL=yes; fi';
      quickModule(builder, "demo", { conf });
      fs.writeFileSync(builder.at("etc/os-release"), "ID=slackware\n");
      fs.writeFileSync(bare.at("etc/os-release"), "ID=slackware\n");
      builder.want(wanted("demo", "state: built"));
      await builder.apply();
      const pack = async (name: string, ...options: readonly string[]): Promise<Listed> => {
        const file = builder.at(name);
        const words = ["dkms", "mktarball", "demo/1.0", "--all", ...options, "--archive", file];
        assert.is((await runAgent(builder.root, words)).exitCode, 0);
        return { path: file, sha256: createHash("sha256").update(fs.readFileSync(file)).digest("hex") };
      };
      for (const release of releases) fs.rmSync(bare.at("lib/modules", release, "build"), { recursive: true });
      fs.mkdirSync(bare.at("var/lib/dkms"));
      const before = listing(bare);
      want(bare, await pack("binaries.tar.gz", "--binaries-only"));
      await run(0, "apply");
      const places = ["6.1.0-1-amd64/updates/demo.ko", "6.1.0-2-amd64/extra/demo.ko"];
      for (const place of places) assert.ok(fs.existsSync(bare.at("lib/modules", place)), place);
      assert.match(await run(0, "plan"), "Nothing to do");
      fs.rmSync(bare.at("lib/modules", places[1] ?? ""));
      assert.match(await run(0, "status"), "extra/demo.ko is not there");
      await run(0, "apply");
      await run(0, "dkms", "uninstall", "demo/1.0", "-k", "6.1.0-2-amd64");
      assert.not(fs.existsSync(bare.at("lib/modules", places[1] ?? "")));
      assert.is(
        await run(0, "dkms", "status"),
        "demo/1.0, 6.1.0-1-amd64, x86_64: installed\ndemo/1.0, 6.1.0-2-amd64, x86_64: built\n",
      );
      await run(0, "dkms", "uninstall", "demo/1.0", "-k", "6.1.0-1-amd64");
      for (const release of releases) await run(0, "dkms", "autoinstall", "-k", release);
      assert.is(
        await run(0, "dkms", "status"),
        "demo/1.0, 6.1.0-1-amd64, x86_64: built\ndemo/1.0, 6.1.0-2-amd64, x86_64: installed\n",
      );
      bare.want("  - {name: demo, version: '1.0', state: absent}");
      await run(0, "apply");
      assert.equal(listing(bare), before);

      want(bare, await pack("source.tar.gz"));
      const { exitCode, stderr } = await runAgent(bare.root, ["apply"], without);
      assert.is(exitCode, 1);
      assert.match(stderr, "needs bash, which is not on this host");
      assert.equal(listing(bare), before, "scripts may come with source, and nobody could run them");
    } finally {
      without.remove();
      for (const machine of [builder, bare]) machine.remove();
    }
  },
);

const quick = "6.1.0-1-amd64";

testNeeding(scenario, ["kmod"], "what cannot be loaded or installed leaves what is there, byte for byte", async () => {
  const machine = quickMachine([quick]);
  try {
    const pack = (name: string, demo: DemoTarball, change: Change = (file) => file) =>
      listed(machine, name, [...binariesOnlyFiles(demo), ...objectFiles({ releases: [quick], ...demo }).map(change)]);
    want(machine, pack("good.tar.gz", { filling: "good" }));
    await machine.apply();
    const before = listing(machine);

    const renamed: Change = (file) => ({ ...file, name: String(file.name).replace("demo_b", "demo_c") });
    const swapped: Change = (file) =>
      file.name.toString().endsWith(".ko") ? { ...file, content: forArm(Buffer.from(file.content ?? "")) } : file;
    const refused = [
      [pack("name.tar.gz", { objects: ["demo_a", "demo_b"] }, renamed), /is the module demo_b under another name/],
      [pack("arch.tar.gz", {}, swapped), /is made for aarch64, not for x86_64/],
    ] as const;
    for (const [archive, message] of refused) {
      want(machine, archive);
      const { exitCode, stderr } = await machine.run("apply");
      assert.is(exitCode, 1);
      assert.match(stderr, message);
      assert.equal(listing(machine), before, archive.path);
    }

    const place = machine.at("lib/modules", quick, "updates/dkms/demo_c.ko");
    fs.mkdirSync(place);
    fs.writeFileSync(`${place}/occupied`, "");
    const occupied = listing(machine);
    want(machine, pack("larger.tar.gz", { filling: "larger", objects: ["demo_a", "demo_b", "demo_c"] }));
    const { exitCode, stdout } = await machine.run("apply");
    assert.is(exitCode, 1);
    assert.match(stdout, "load-tarball demo/1.0@6.1.0-1-amd64/x86_64: done");
    assert.equal(listing(machine), occupied, "the load is taken back when the install after it fails");
    fs.rmSync(place, { recursive: true });
    await machine.apply(0, "--retry");
    assert.ok(fs.existsSync(place));

    execFileSync("mkfifo", [machine.at("srv/fifo")]);
    const after = listing(machine);
    want(machine, { path: machine.at("srv/fifo"), sha256: "0".repeat(64) });
    assert.match((await machine.run("apply")).stderr, "fifo is not a file");
    assert.equal(listing(machine), after);
  } finally {
    machine.remove();
  }
});

scenario.run();

interface BuiltObject {
  readonly release: string;
  readonly name: string;
  readonly content: Buffer;
}

async function buildObjects(kernels: readonly HeadersOfKernel[]): Promise<readonly BuiltObject[]> {
  const machine = agentRoot(kernels);
  try {
    const write = (file: string, text: string | Uint8Array) => {
      fs.mkdirSync(path.dirname(machine.at(file)), { recursive: true });
      fs.writeFileSync(machine.at(file), text);
      return machine.at(file);
    };
    twoObjects({ write, at: machine.at }, {});
    machine.want("  - {name: demo, version: '1.0', state: built}");
    await machine.apply();
    return kernels.flatMap(({ release }) =>
      names.map((name) => {
        const file = machine.at("var/lib/dkms/demo/1.0", release, "x86_64/module", `${name}.ko`);
        return { release, name, content: fs.readFileSync(file) };
      }),
    );
  } finally {
    machine.remove();
  }
}

function hostWithoutHeaders(kernels: readonly HeadersOfKernel[]): AgentRoot {
  const machine = agentRoot(kernels);
  for (const { release } of kernels) fs.rmSync(machine.at("lib/modules", release, "build"));
  fs.mkdirSync(machine.at("var/lib/dkms"));
  return machine;
}

interface Listed {
  readonly path: string;
  readonly sha256: string;
}

type Change = (file: ArchivedFile) => ArchivedFile;

/** e_machine of the ELF header. */
function forArm(object: Buffer): Buffer {
  object.writeUInt16LE(183, 18);
  return object;
}

function archive(machine: AgentRoot, name: string, objects: readonly BuiltObject[]): Listed {
  const files = objects.map((one): ArchivedFile => {
    return { name: `./dkms_main_tree/${one.release}/x86_64/module/${one.name}.ko`, content: one.content };
  });
  return listed(machine, name, [...binariesOnlyFiles(), ...files]);
}

function listed(machine: AgentRoot, name: string, files: readonly ArchivedFile[]): Listed {
  const bytes = gzipSync(tarArchive(files));
  const file = machine.at("srv", name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, bytes);
  return { path: file, sha256: createHash("sha256").update(bytes).digest("hex") };
}

function want(machine: AgentRoot, { path: file, sha256 }: Listed, kernels = "{match: '6.*-amd64'}"): void {
  const tarballs = `tarballs: [{path: ${file}, sha256: '${sha256}'}]`;
  machine.want(`  - {name: demo, version: '1.0', kernels: [${kernels}], build: never, ${tarballs}}`);
}

function listing({ root }: AgentRoot): string[] {
  return treeListing(root, (place) =>
    /^(srv|etc|var\/lib\/dkms\/\.dkms-agent|lib\/modules\/[^/]+\/modules\.)/.test(place),
  );
}

function expectInstalled(machine: AgentRoot, release: string, objects: readonly BuiltObject[]): void {
  for (const { name, content } of objects.filter((one) => one.release === release)) {
    const place = machine.at("lib/modules", release, "updates/dkms", `${name}.ko`);
    assert.ok(fs.readFileSync(place).equals(content), place);
  }
}
