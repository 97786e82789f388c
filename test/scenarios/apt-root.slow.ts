import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type DebianRootOptions, debianRoot } from "../rig/debian-root.ts";
import { machine } from "../rig/machine.ts";
import { testNeeding } from "../rig/test-needing.ts";
import { lineDifferences, written } from "../rig/written.ts";

const dist = path.join(import.meta.dirname, "../../dist");
const packages = ["v4l2loopback-dkms", "ddcci-dkms"];

const packaged = suite("packages of Debian, with our program as /usr/sbin/dkms");

interface Visit {
  readonly exitCode: number;
  readonly said: string;
  readonly status: string;
  readonly files: readonly string[];
}

/** What the system looks like after each apt-get; network is not needed. */
function visit(options: DebianRootOptions): readonly Visit[] {
  const root = debianRoot(options);
  const apt = ["apt-get", "-y", "--no-install-recommends", "--no-download", "-o", "APT::Sandbox::User=root"];
  try {
    return [["install"], ["install", "--reinstall"], ["purge"]].map((words) => {
      const { exitCode, stdout, stderr } = root.run([...apt, ...words, ...packages]);
      const status = root.run(["dkms", "status"]).stdout;
      return { exitCode, said: `${stdout}${stderr}`, status, files: written(root) };
    });
  } finally {
    root.remove();
  }
}

const parts = ["debian-root", "dkms", "linux-image", "unshare", "root"] as const;

testNeeding(packaged, parts, "are installed, reinstalled and purged as with the original", (part) => {
  const keys = fs.mkdtempSync(path.join(os.tmpdir(), "dkms-agent-keys-"));
  const maker = machine();
  try {
    maker.run([...part("dkms").command, "generate_mok"]);
    fs.cpSync(maker.at("/var/lib/dkms"), keys, { recursive: true });
    const common = { base: part("debian-root").directory, image: part("linux-image"), keys };
    const theirs = visit({ ...common, dkms: { script: part("dkms").script } });
    const ours = visit({ ...common, dkms: { dist } });
    assert.is(theirs[0]?.status.match(/: installed/g)?.length, packages.length, theirs[0]?.said);
    for (const [at, expected] of theirs.entries()) {
      const actual = ours[at];
      assert.is(actual?.exitCode, expected.exitCode, actual?.said);
      assert.is(actual?.status, expected.status, actual?.said);
      assert.is(lineDifferences(expected.files, actual?.files ?? []).join("\n"), "", actual?.said);
    }
  } finally {
    maker.remove();
    fs.rmSync(keys, { recursive: true });
  }
});

packaged.run();
