import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cli } from "../rig/agent.ts";
import { smallMachine } from "../rig/interchange.ts";
import type { Machine } from "../rig/machine.ts";
import { testNeeding } from "../rig/test-needing.ts";

const release = "6.1.0-90-amd64";
const allLines = [
  `install alpha/1.0 -k ${release}`,
  `install alpha/1.0 -k ${release}`,
  `uninstall alpha/1.0 -k ${release}`,
  `install alpha/1.0 -k ${release} --no-depmod`,
  `install beta/2.0 -k ${release}`,
  `install delta/1.0 -k ${release}`,
  `uninstall delta/1.0 -k ${release}`,
  `kernel_prerm -k ${release}`,
];

const weak = suite("weak-modules, as dell/dkms calls it");

for (const osRelease of ['ID="rocky"\nID_LIKE="rhel centos fedora"\n', "ID=opensuse-leap\nID_LIKE=suse\n"])
  testNeeding(weak, ["dkms", "root", "unshare", "kmod"], osRelease.replaceAll("\n", " "), async (part) => {
    const ours = await calls([process.execPath, cli, "dkms"], osRelease);
    const theirs = await calls(part("dkms").command, osRelease);
    // dell/dkms gives SUSE's program its own variable unexpanded.
    assert.is(ours, theirs.replaceAll(/\$\{kernelver\}/g, release));
    assert.match(ours, "/lib/modules/6.1.0-90-amd64/");
    assert.is([...ours.matchAll(/^called /gm)].length, 6, ours);
  });

// dell/dkms does not notice that depmod fails.
for (const [words, exitCode] of [
  [["dkms", "install", "alpha/1.0", "-k", release], 6],
  [["apply", "--allow-insecure-files", "-f", "ROOT/document.yaml"], 1],
] as const)
  testNeeding(weak, ["root", "unshare", "kmod"], `is called back where depmod fails (${words[0]})`, async () => {
    const failing = { lines: [words.join(" ")], depmod: "exit 1", exitCode };
    const called = await calls([process.execPath, cli], "ID=centos\nID_LIKE=rhel\n", failing);
    const object = `/lib/modules/${release}/extra/alpha_`;
    const calling = (action: string) =>
      `called /usr/sbin/weak-modules --no-initramfs --${action}-modules\n${object}a.ko\n${object}b.ko\n`;
    assert.is(called, calling("add") + calling("remove"));
  });

testNeeding(weak, ["dkms", "root", "unshare", "kmod"], "no other distribution has it", async () => {
  assert.is(await calls([process.execPath, cli, "dkms"], "ID=fedora\n"), "");
});

weak.run();

interface CallsOptions {
  readonly lines?: readonly string[];
  /** A script in the place of the real one. */
  readonly depmod?: string;
  readonly exitCode?: number;
}

/** What the stand-in of a distribution was called with: its words, then the lines of its stdin. It always fails. */
async function calls(
  command: readonly string[],
  osRelease: string,
  { lines = allLines, depmod, exitCode: expected = 0 }: CallsOptions = {},
): Promise<string> {
  const own = smallMachine();
  try {
    const log = path.join(own.root, "calls");
    fs.writeFileSync(log, "");
    fs.writeFileSync(path.join(own.root, "os-release"), osRelease);
    for (const file of ["sbin/weak-modules", "lib/module-init-tools/weak-modules2"]) standIn(own, { file, log });
    if (depmod) fs.writeFileSync(path.join(own.root, "usr/sbin/depmod"), `#!/bin/sh\n${depmod}\n`, { mode: 0o755 });
    fs.appendFileSync(own.at("/usr/src", "delta-1.0/dkms.conf"), "NO_WEAK_MODULES=yes\n");
    const wanted = `kernels: ["${release}"]\nmodules: [{name: alpha, version: "1.0"}]\n`;
    fs.writeFileSync(path.join(own.root, "document.yaml"), `apiVersion: dkms-agent/v1\n${wanted}`);
    for (const given of lines) {
      const line = given.replace("ROOT", own.root);
      const { exitCode, stdout, stderr } = own.run(["sh", "-c", mounts(own), "sh", ...command, ...line.split(" ")]);
      assert.is(exitCode, expected, `${line}: ${stdout}${stderr}`);
    }
    return fs.readFileSync(log, "utf8");
  } finally {
    own.remove();
  }
}

interface StandIn {
  /** Below /usr. */
  readonly file: string;
  readonly log: string;
}

function standIn({ root }: Machine, { file, log }: StandIn): void {
  const place = path.join(root, "usr", file);
  fs.mkdirSync(path.dirname(place), { recursive: true });
  const script = `#!/bin/sh\n{ echo "called $0 $*"; cat; } >> ${log}\nexit 1\n`;
  fs.writeFileSync(place, script, { mode: 0o755 });
}

/** In the machine's own mount namespace: the stand-ins lie over the real directories. */
function mounts({ root, at }: Machine): string {
  const over = (place: string) => `mount -t overlay overlay -o lowerdir=${root}${place}:${place} ${place}`;
  const osRelease = `mount --bind ${root}/os-release "$(readlink -f /etc/os-release)"`;
  // Over the machine's /lib/modules there is now /usr/lib.
  const modules = `mount --bind ${at("/lib/modules")} /lib/modules`;
  return ["set -e", over("/usr/sbin"), over("/usr/lib"), modules, osRelease, 'exec "$@"'].join("\n");
}
