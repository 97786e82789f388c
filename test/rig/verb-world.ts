import { chmodSync } from "node:fs";
import * as assert from "uvu/assert";
import type { Failure, Result } from "../../src/dkms/failure.ts";
import type { InstanceId } from "../../src/dkms/id.ts";
import type { Done } from "../../src/dkms/verbs/verb.ts";
import type { Host } from "../../src/host/host.ts";
import { fakeObject } from "./fake-object.ts";
import { filesFullAt } from "./interrupted-files.ts";
import { dkmsTree, type TreeBuilder } from "./tree-builder.ts";
import { treeListing } from "./tree-listing.ts";

export const release = "6.1.0-1";
export const kernel = { release, arch: "x86_64" };

/** `demo/<version>` for the kernel of {@link verbWorld}. */
export function demo(version = "1.0"): InstanceId {
  return { module: { name: "demo", version }, kernel };
}

/** A machine with one kernel and nothing of DKMS. */
export function verbWorld(): TreeBuilder {
  return dkmsTree().kernel(release);
}

export interface SourceOptions {
  /** Default: demo. */
  readonly name?: string;
  readonly version?: string;
  /** Object names; default: the module's with _a and with _b. */
  readonly objects?: readonly string[];
  /** What the objects are made for; default: the world's kernel. */
  readonly madeFor?: string;
  /** Lines of dkms.conf, after the usual ones. */
  readonly conf?: string;
  /** More files, executable. */
  readonly scripts?: Readonly<Record<string, string>>;
  /** Default: the source tree. */
  readonly directory?: string;
  /** Goes into every object. */
  readonly filling?: string;
}

/** The source of a module whose make only copies objects: no compiler, no time. Returns its directory. */
export function writeSource(tree: Pick<TreeBuilder, "write" | "at">, options: SourceOptions = {}): string {
  const { name: module = "demo", version = "1.0", madeFor = release, filling = version } = options;
  const { directory = `usr/src/${module}-${version}`, objects = [`${module}_a`, `${module}_b`] } = options;
  for (const name of objects)
    tree.write(`${directory}/made/${name}.ko`, fakeObject({ name, release: madeFor, version, filling }));
  const specs = objects.map(
    (name, index) =>
      `BUILT_MODULE_NAME[${index}]=${name}\nDEST_MODULE_LOCATION[${index}]=/updates\nSTRIP[${index}]=no\n`,
  );
  const head = `PACKAGE_NAME=${module}\nPACKAGE_VERSION=${version}\nMAKE[0]="cp made/*.ko ."\n`;
  tree.write(`${directory}/dkms.conf`, `${head}${specs.join("")}${options.conf ?? ""}`);
  for (const [name, text] of Object.entries(options.scripts ?? {}))
    chmodSync(tree.write(`${directory}/${name}`, text), 0o755);
  return tree.at(directory);
}

/** The value of a result that must be one. */
export function expectDone(result: Result<Done>): Done {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result.value;
}

/** The failure of a result that must be one of this code. */
export function expectFailure(result: Result<Done>, code: Failure["code"]): Failure {
  if (result.ok) throw new Error(`succeeded instead of failing with ${code}`);
  assert.is(result.error.code, code, result.error.message);
  assert.ok(result.error.message.length > 10);
  return result.error;
}

/** The three trees, without what the agent keeps for itself (logs of failed builds). */
export function trees(tree: TreeBuilder): string[] {
  return treeListing(tree.root, (path) => path === "var/lib/dkms/.dkms-agent" || path.startsWith("tmp"));
}

/** Does something, and after its failure finds everything as it was. */
export async function expectUntouched(
  tree: TreeBuilder,
  code: Failure["code"],
  work: () => Promise<Result<Done>>,
): Promise<Failure> {
  const before = trees(tree);
  const failure = expectFailure(await work(), code);
  assert.equal(trees(tree), before);
  return failure;
}

/**
 * Does something again and again while the disk is full at one moment after the other: each time everything is as it was,
 * and at last, after more than `fewest` writes, it succeeds.
 */
export async function expectUntouchedWhenFull(
  tree: TreeBuilder,
  fewest: number,
  work: (host: Host) => Promise<Result<Done>>,
): Promise<void> {
  const before = trees(tree);
  for (let number = 1; ; number++) {
    const { files, writes } = filesFullAt(number);
    const result = await work(tree.host({ files }));
    if (writes() < number) {
      assert.ok(number > fewest, "every write had its turn");
      expectDone(result);
      return;
    }
    expectFailure(result, "E_NO_SPACE");
    assert.equal(trees(tree), before, `write ${number}`);
  }
}

/** Does something and takes it back: everything is as it was. Then does it again, and commits. */
export async function expectUndoable(tree: TreeBuilder, work: () => Promise<Result<Done>>): Promise<Done> {
  const before = trees(tree);
  const first = expectDone(await work());
  assert.ok(first.changed);
  assert.not.equal(trees(tree), before);
  first.undo.restore();
  assert.equal(trees(tree), before);
  const second = expectDone(await work());
  second.undo.commit();
  assert.equal(
    trees(tree).filter((line) => line.includes(".dkms-agent-") && !line.includes("build.json")),
    [],
  );
  return second;
}
