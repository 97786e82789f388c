import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cli } from "../rig/agent.ts";
import { smallMachine } from "../rig/interchange.ts";
import { testNeeding } from "../rig/test-needing.ts";

const release = "6.1.0-90-amd64";
const lines = [
  `install alpha/1.0 -k ${release}`,
  `build beta/2.0 -k ${release} -a i686`,
  "status",
  `status -k ${release}`,
];

const arch = suite("the architecture of a kernel's package, as dell/dkms asks rpm for it");

/** What `rpm -qf` answers about the kernel, and `rpm -q` about its architecture; dell/dkms asks one after the other. */
const owned =
  'case "$1 $2" in "-qf --queryformat") echo s390x; echo noarch ;; -qf*) echo kernel-6.1; echo other ;; *) echo s390x ;; esac';
const ownedByNobody = 'echo "is not owned by any package"; exit 1';

for (const [id, rpm, expected] of [
  ["fedora", owned, "s390x"],
  ["slackware", ownedByNobody, "x86_64"],
  ["debian", owned, "x86_64"],
] as const)
  testNeeding(arch, ["dkms", "root", "unshare", "kmod"], `${id}, ${rpm.slice(0, 4)}: ${expected}`, (part) => {
    const ours = outcome([process.execPath, cli, "dkms"], id, rpm);
    assert.equal(ours, outcome(part("dkms").command, id, rpm));
    assert.match(ours.printed, `alpha/1.0, ${release}, ${expected}: installed`);
  });

arch.run();

/** What status prints in the end, and what rpm was asked. */
function outcome(command: readonly string[], id: string, rpm: string) {
  const own = smallMachine();
  try {
    const at = (name: string) => path.join(own.root, name);
    fs.mkdirSync(at("bin"));
    fs.writeFileSync(at("bin/rpm"), `#!/bin/sh\nprintf '%s\\n' "$*" >> ${at("asked")}\n${rpm}\n`, { mode: 0o755 });
    fs.writeFileSync(at("asked"), "");
    fs.writeFileSync(at("os-release"), `ID=${id}\n`);
    const prelude = [
      "set -e",
      `mount --bind ${at("os-release")} "$(readlink -f /etc/os-release)"`,
      `export PATH=${at("bin")}:$PATH`,
      'exec "$@"',
    ];
    let printed = "";
    for (const line of lines) {
      const words = [...command, ...line.split(" ")];
      const { exitCode, stdout, stderr } = own.run(["sh", "-c", prelude.join("\n"), "sh", ...words]);
      assert.is(exitCode, 0, `${line}: ${stdout}${stderr}`);
      if (line.startsWith("status")) printed += stdout;
    }
    const about = fs.readFileSync(at("asked"), "utf8").split("\n");
    return { printed, about: about.flatMap((line) => (line.startsWith("-qf") ? [line.split(" ").at(-1)] : [])) };
  } finally {
    own.remove();
  }
}
