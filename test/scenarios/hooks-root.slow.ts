import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type DebianRoot, debianRoot } from "../rig/debian-root.ts";
import { machine } from "../rig/machine.ts";
import type { PartName } from "../rig/parts.ts";
import { type PartsOf, testNeeding } from "../rig/test-needing.ts";

const project = path.join(import.meta.dirname, "../..");
const apt = ["apt-get", "-y", "--no-install-recommends", "--no-download", "-o", "APT::Sandbox::User=root"];

const parts = ["debian-root", "kernel-layer", "linux-image", "module-sources", "dkms", "unshare", "root"] as const;
type Part = PartsOf<(typeof parts)[number] & PartName>;

/** A Debian system with our hooks, one kernel less than its packages know, and the source of a module. */
interface Hooked {
  readonly root: DebianRoot;
  readonly release: string;
  /** Runs apt-get and asserts its exit code; all that it said. */
  readonly apt: (words: string, exitCode?: number) => string;
  readonly run: (line: string) => { readonly exitCode: number; readonly said: string };
  readonly want: (modules: string) => void;
  readonly settings: (text: string) => void;
  /** The objects in the install tree of the kernel, and those in its initramfs. */
  readonly objects: () => readonly string[];
  readonly inInitramfs: () => readonly string[];
}

const sample = "v4l2loopback";

function hooked(part: Part, work: (given: Hooked) => void): void {
  const keys = fs.mkdtempSync(path.join(os.tmpdir(), "dkms-agent-keys-"));
  const maker = machine();
  maker.run([...part("dkms").command, "generate_mok"]);
  fs.cpSync(maker.at("/var/lib/dkms"), keys, { recursive: true });
  maker.remove();
  const { release, directory } = part("kernel-layer");
  const base = `${directory}:${part("debian-root").directory}`;
  const agent = { dist: path.join(project, "dist"), hooks: path.join(project, "packaging/kernel-hooks") };
  const root = debianRoot({ base, image: part("linux-image"), keys, agent });
  const source = part("module-sources").modules.find(({ name }) => name === sample);
  assert.ok(source);
  fs.cpSync(source.directory, root.at("/usr/src", `${source.name}-${source.version}`), { recursive: true });
  fs.mkdirSync(root.at("/etc", "dkms-agent/desired-state"), { recursive: true });
  fs.mkdirSync(root.at("/etc", "initramfs-tools/conf.d"), { recursive: true });
  // Only what is listed goes into it: with all that most hosts need it takes a minute.
  fs.writeFileSync(root.at("/etc", "initramfs-tools/conf.d/quick"), "MODULES=list\nCOMPRESS=gzip\n");
  fs.writeFileSync(root.at("/etc", "initramfs-tools/modules"), `${sample}\n`);
  const run = (line: string) => {
    const { exitCode, stdout, stderr } = root.run(line.split(" "));
    return { exitCode, said: stdout + stderr };
  };
  const stems = (lines: string) => [...lines.matchAll(/updates\/dkms\/([\w-]+)\.ko/g)].map(([, stem = ""]) => stem);
  try {
    work({
      root,
      release,
      run,
      apt: (words, exitCode = 0) => {
        const ended = run([...apt, words].join(" "));
        assert.is(ended.exitCode, exitCode, ended.said);
        return ended.said;
      },
      want: (modules) => {
        const text = `apiVersion: dkms-agent/v1\nkernels: [running]\nmodules:\n${modules}\n`;
        fs.writeFileSync(root.at("/etc", "dkms-agent/desired-state/modules.yaml"), text);
      },
      settings: (text) => fs.writeFileSync(root.at("/etc", "dkms-agent/config.yaml"), text),
      objects: () => stems(run(`find /lib/modules/${release}/ -name *.ko*`).said),
      inInitramfs: () => stems(run(`lsinitramfs /boot/initrd.img-${release}`).said),
    });
  } finally {
    root.remove();
    fs.rmSync(keys, { recursive: true });
  }
}

function count(text: string, what: RegExp): number {
  return [...text.matchAll(what)].length;
}

const wish = (part: Part, more = "") => {
  const version = part("module-sources").modules.find(({ name }) => name === sample)?.version;
  return `  - {name: ${sample}, version: "${version}"${more}}`;
};

/** As a broken update of a vendor's module would. */
function addBroken({ root }: Hooked): void {
  const directory = root.at("/usr/src", "broken-1.0");
  fs.mkdirSync(directory);
  const conf = "PACKAGE_NAME=broken\nPACKAGE_VERSION=1.0\nBUILT_MODULE_NAME=broken\nDEST_MODULE_LOCATION=/updates\n";
  fs.writeFileSync(path.join(directory, "dkms.conf"), conf);
  fs.writeFileSync(path.join(directory, "Makefile"), "obj-m := broken.o\n");
  fs.writeFileSync(path.join(directory, "broken.c"), "#error this does not compile\n");
}

const kernels = suite("kernels of Debian, with our hooks");

testNeeding(kernels, parts, "a kernel comes with its headers, and goes", (part) =>
  hooked(part, (given) => {
    const { release, run, want } = given;
    given.apt("purge dkms");
    want(wish(part, ", initramfs: true"));
    const said = given.apt(`install linux-image-${release} linux-headers-${release}`);
    assert.equal(given.objects(), [sample], said);
    assert.equal(given.inInitramfs(), [sample], said);
    assert.is(count(said, /Generating \/boot\/initrd/g), 1, said);
    assert.is(run(`dkms-agent verify --kernel ${release}`).exitCode, 0);
    const again = run(`dkms-agent apply --kernel ${release}`);
    assert.match(again.said, "Nothing to do");
    const purged = given.apt(`purge linux-image-${release} linux-headers-${release}`);
    assert.match(run(`ls -d /lib/modules/${release}`).said, "No such file", purged);
    assert.is(run("dkms-agent dkms status").said.includes(release), false);
    // In which order apt configures the two is its own affair.
    const told = run("dkms-agent history").said;
    assert.match(told, /hook (kernel|header)-postinst .*: 5 steps done.*hook kernel-prerm .*: 3 steps done/s, told);
  }),
);

testNeeding(kernels, parts, "a kernel comes before its headers, and goes before them", (part) =>
  hooked(part, (given) => {
    const { release, run, want } = given;
    given.apt("purge dkms");
    want(wish(part, ", initramfs: true"));
    const image = given.apt(`install linux-image-${release}`);
    assert.match(image, "E_NO_HEADERS");
    assert.equal(given.inInitramfs(), []);
    assert.is(run(`dkms-agent verify --kernel ${release}`).exitCode, 1);
    const headers = given.apt(`install linux-headers-${release}`);
    assert.equal(given.inInitramfs(), [sample], headers);
    assert.is(run(`dkms-agent verify --kernel ${release}`).exitCode, 0);
    given.apt(`remove linux-image-${release}`);
    assert.equal(given.objects(), []);
    // What depmod has written stays until it is purged.
    assert.match(run(`ls /lib/modules/${release}`).said, "modules.dep");
    run("sed -i s/running/installed/ /etc/dkms-agent/desired-state/modules.yaml");
    assert.not.match(run("dkms-agent plan").said, release);
    const headersGone = given.apt(`purge linux-headers-${release}`);
    given.apt(`purge linux-image-${release}`);
    assert.match(run(`ls -d /lib/modules/${release}`).said, "No such file", headersGone);
  }),
);

testNeeding(
  kernels,
  parts,
  "a module that does not compile keeps nothing from being installed, unless hooks: strict",
  (part) =>
    hooked(part, (given) => {
      const { release, run, want, settings } = given;
      given.apt("purge dkms");
      addBroken(given);
      want(`${wish(part)}\n  - {name: broken, version: "1.0"}`);
      const said = given.apt(`install linux-image-${release} linux-headers-${release}`);
      assert.match(said, /E_MAKE.*this does not compile/s);
      assert.match(said, "(hooks: lenient)");
      assert.equal(given.objects(), [sample]);
      const verified = run(`dkms-agent verify --kernel ${release}`);
      assert.is(verified.exitCode, 1, verified.said);
      assert.match(verified.said, "broken/1.0");
      settings("hooks: strict\n");
      const strict = given.apt(`install --reinstall linux-headers-${release}`, 100);
      assert.match(strict, /hooks: strict|failed before/, strict);
      want(wish(part));
      assert.is(run("dpkg --configure -a").exitCode, 0);
      assert.is(run(`dkms-agent verify --kernel ${release}`).exitCode, 0);
    }),
);

for (const [order, name] of [
  ["first, as they are named", "dkms-agent"],
  ["last", "0-dkms-agent"],
] as const) {
  testNeeding(kernels, parts, `beside the hooks of dkms, which come ${order}, nothing is built twice`, (part) =>
    hooked(part, (given) => {
      const { root, release, run, want } = given;
      for (const directory of ["postinst.d", "header_postinst.d", "prerm.d"])
        fs.renameSync(root.at("/etc", "kernel", directory, "dkms-agent"), root.at("/etc", "kernel", directory, name));
      want(wish(part, ", initramfs: true"));
      assert.is(run("dkms-agent apply").exitCode, 3, "the kernel that runs is not there");
      const version = /version: "([^"]+)"/.exec(wish(part))?.[1];
      run(`dkms add ${sample}/${version}`);
      const said = given.apt(`install linux-image-${release} linux-headers-${release}`);
      assert.equal(given.objects(), [sample], said);
      assert.equal(given.inInitramfs(), [sample], said);
      const ours = run("dkms-agent history -v").said;
      const theirs = count(said, /Building module/g);
      assert.is(count(ours, /build v4l2loopback.*done/g) + theirs, 1, `${said}\n${ours}`);
      assert.is(theirs, name === "dkms-agent" ? 1 : 0, said);
      assert.is(run(`dkms-agent verify --kernel ${release}`).exitCode, 0);
      const purged = given.apt(`purge linux-image-${release} linux-headers-${release}`);
      assert.match(run(`ls -d /lib/modules/${release}`).said, "No such file", purged);
    }),
  );
}

kernels.run();
