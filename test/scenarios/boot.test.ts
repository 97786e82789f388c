import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bootWithModules } from "../rig/boot.ts";
import { testNeeding } from "../rig/test-needing.ts";

const boot = suite<{ directory: string }>("booting a real kernel");
const timeoutMs = 120_000;

boot.before.each((context) => {
  context.directory = mkdtempSync(join(tmpdir(), "boot-scenario-"));
});
boot.after.each(({ directory }) => rmSync(directory, { recursive: true }));

interface Build {
  readonly source: string;
  readonly headers: string;
  readonly directory: string;
}

/** Builds a module that has one object, and gives its path. */
function build({ source, headers, directory }: Build): string {
  cpSync(source, directory, { recursive: true });
  execFileSync("make", ["-C", headers, `M=${directory}`, "modules"], { stdio: "pipe" });
  return join(directory, "vpoll.ko");
}

testNeeding(
  boot,
  ["linux-image", "headers", "rt-kernel", "module-sources", "gcc", "make", "qemu", "busybox", "cpio"],
  "loads a module that was built for it, and refuses one for another kernel and one that is cut off",
  async (part, { directory }) => {
    const image = part("linux-image");
    const own = part("headers").kernels.find(({ release }) => release === image.release);
    const source = part("module-sources").modules.find(({ name }) => name === "vpoll")?.directory;
    assert.ok(own && source);
    const foreign = build({ source, headers: part("rt-kernel").directory, directory: join(directory, "foreign") });
    const good = build({ source, headers: own.directory, directory: join(directory, "good") });
    const half = join(directory, "half.ko");
    execFileSync("sh", ["-c", 'head -c 9000 "$1" > "$2"', "sh", good, half]);

    const { loaded, modules, console } = await bootWithModules({
      kernelImage: image.vmlinuz,
      objects: [half, foreign, good],
      busybox: part("busybox").path,
      qemu: part("qemu").path,
      timeoutMs,
    });
    assert.equal(loaded, [false, false, true], console);
    assert.match(console, "vpoll: disagrees about version of symbol module_layout");
    assert.match(modules, /^vpoll \d+ 0 - Live /);
  },
);

boot.run();
