import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findPart } from "../test/rig/parts.ts";
import { agent, type Bench } from "./bench.ts";
import { measure } from "./measure.ts";

const example = new URL("../examples/modules/hello", import.meta.url).pathname;

/** `apply` where everything is there already, against the least that a Node program takes. */
export const noOpApply: Bench = {
  name: "no-op-apply",
  question: "apply with nothing to do, against `node -e 0`",
  run: (directory) => {
    const command = [agent, "apply", ...prepareRoot(directory)];
    const first = spawnSync(process.execPath, command, { encoding: "utf8" });
    if (first.status !== 0) throw new Error(`The first apply failed:\n${first.stdout}${first.stderr}`);
    const [ours, theirs] = measure(
      [
        { name: "dkms-agent apply", command: [process.execPath, ...command] },
        { name: "node -e 0", command: [process.execPath, "-e", "0"] },
      ],
      11,
    );
    if (!ours || !theirs) throw new Error("Two commands give two measurements.");
    return { comparisons: [{ ours, theirs }] };
  },
};

/** A root with one kernel, and a document that wants the example module there; the options that name both. */
function prepareRoot(directory: string): string[] {
  const headers = findPart("headers");
  const kernel = headers.found ? headers.part.kernels[0] : undefined;
  if (!kernel) throw new Error("This bench needs kernel headers.");
  const root = join(directory, "root");
  mkdirSync(join(root, "lib/modules", kernel.release), { recursive: true });
  symlinkSync(kernel.directory, join(root, "lib/modules", kernel.release, "build"));
  const document = join(directory, "modules.yaml");
  writeFileSync(
    document,
    `apiVersion: dkms-agent/v1
kernels: [with-headers]
modules:
  - name: dkms-agent-hello
    version: 1.0.0
    source: ${example}
`,
  );
  return ["-f", document, "--root", root];
}
