import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { compareLoaded } from "../../src/actual-state/compare-loaded.ts";
import { readLoaded } from "../../src/dkms/read-loaded.ts";
import { readObject } from "../../src/dkms/read-object.ts";
import { bootWithModules } from "../rig/boot.ts";
import { testNeeding } from "../rig/test-needing.ts";
import { dkmsTree } from "../rig/tree-builder.ts";
import { kernelId, moduleId } from "../rig/world-ids.ts";
import { toInstance } from "../rig/world-instance.ts";

const boot = suite<{ directory: string }>("booting a real kernel");
const timeoutMs = 300_000;

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
  "loads a module that was built for it, which we tell from another build of it, and refuses others",
  async (part, { directory }) => {
    const image = part("linux-image");
    const own = part("headers").kernels.find(({ release }) => release === image.release);
    const source = part("module-sources").modules.find(({ name }) => name === "vpoll")?.directory;
    assert.ok(own && source);
    const foreign = build({ source, headers: part("rt-kernel").directory, directory: join(directory, "foreign") });
    const good = build({ source, headers: own.directory, directory: join(directory, "good") });
    const half = join(directory, "half.ko");
    execFileSync("sh", ["-c", 'head -c 9000 "$1" > "$2"', "sh", good, half]);

    const { loaded, modules, console, sys } = await bootWithModules({
      kernelImage: image.vmlinuz,
      objects: [half, foreign, good],
      busybox: part("busybox").path,
      qemu: part("qemu").path,
      timeoutMs,
    });
    assert.equal(loaded, [false, false, true], console);
    assert.match(console, "vpoll: disagrees about version of symbol module_layout");
    assert.match(modules, /^vpoll \d+ 0 - Live /);
    await expectToldApart({ sys, release: image.release, good, foreign });
  },
);

interface SeenInGuest {
  readonly sys: ReadonlyMap<string, Uint8Array>;
  readonly release: string;
  /** What was loaded, and a build of the same source for another kernel. */
  readonly good: string;
  readonly foreign: string;
}

/** What the kernel shows of a module that it has really loaded, read as on a host that runs it. */
async function expectToldApart({ sys, release, good, foreign }: SeenInGuest): Promise<void> {
  const tree = dkmsTree();
  try {
    for (const [place, bytes] of sys)
      if (dirname(place) === "/sys/module") mkdirSync(tree.at(place), { recursive: true });
      else tree.write(place.slice(1), bytes);
    const host = tree.host({ machine: { arch: "x86_64", runningKernel: release } });
    const loaded = readLoaded(host);
    assert.ok(sys.has("/sys/module/printk"), "what is built in is there too");
    assert.equal([...loaded.keys()], ["vpoll"]);
    const { buildId, srcversion } = loaded.get("vpoll") ?? {};
    assert.match(buildId ?? "", /^[0-9a-f]{40}$/);
    assert.match(srcversion ?? "", /^[0-9A-F]{23}$/);
    const module = { id: moduleId("vpoll/1.0"), link: "linked", displaced: [], leftovers: [] } as const;
    const instance = toInstance({ module: module.id, kernel: kernelId(release) }, { level: "installed" });
    for (const [file, expected] of [
      [good, "current"],
      [foreign, "other"],
    ] as const) {
      const instances = [
        { ...instance, objects: [{ file: "vpoll.ko", sha256: "1", installed: { path: file, sha256: "1" } }] },
      ];
      const modules = [{ ...module, instances }];
      const verdicts = await compareLoaded(host, { modules, runningKernel: release, loaded });
      assert.equal([...verdicts.values()], [expected]);
      const object = await readObject(host, file);
      assert.is(object.ok && object.value.info.srcversion, srcversion, "only the build-id tells them apart");
    }
  } finally {
    tree.remove();
  }
}

boot.run();
