import fc from "fast-check";
import type { ProblemKind } from "../../src/actual-state/actual-state.ts";
import type { DesiredModule, Selector } from "../../src/desired-state/desired-state.ts";
import { listed } from "./world.ts";
import type { InstanceOptions, ModuleOptions, TarballOptions, WorldOptions } from "./world-options.ts";

const names = ["a", "b", "c"];
const keys = names.flatMap((name) => [`${name}/1`, `${name}/2`]);
const releases = ["1.1", "1.2", "1.10"];

const problems: fc.Arbitrary<ProblemKind[]> = fc.subarray(
  ["object-missing", "installed-missing", "installed-differs", "wrong-vermagic", "orphan"],
  { maxLength: 1 },
);

const instance: fc.Arbitrary<InstanceOptions> = fc.record({
  level: fc.constantFrom("built", "installed"),
  inputs: fc.oneof(
    fc.constant("none" as const),
    fc.record({ source: fc.constantFrom("source-1", "old") }),
    fc.record({ headers: fc.constantFrom("headers-1", "old") }),
  ),
  problems,
  tarball: fc.option(fc.constantFrom("t1", "t2", "t0"), { nil: undefined }),
  signer: fc.constantFrom(undefined, "key-1", "key-2"),
});

const module: fc.Arbitrary<ModuleOptions> = fc.record({
  link: fc.constantFrom("linked", "linked", "linked", "dangling", "missing"),
  leftovers: fc.subarray(["/var/lib/dkms/x/.tmp"]),
  displaced: fc.subarray(releases, { maxLength: 1 }),
  instances: fc.dictionary(fc.constantFrom(...releases), instance, { maxKeys: 3 }),
});

const selector: fc.Arbitrary<Selector> = fc.oneof(
  fc.constantFrom({ kind: "running" }, { kind: "newest" }, { kind: "installed" }, { kind: "with-headers" }),
  fc.constant<Selector>({ kind: "match", glob: "1.1*" }),
  fc.constant<Selector>({ kind: "not", selector: { kind: "exact", release: "1.2" } }),
);

const entry: fc.Arbitrary<Partial<DesiredModule>> = fc.record(
  {
    state: fc.constantFrom("installed", "installed", "built", "added", "absent"),
    kernels: fc.array(selector, { minLength: 1, maxLength: 3 }),
    build: fc.constantFrom("auto", "auto", "never"),
    initramfs: fc.boolean(),
    tarballs: fc.subarray(["t1", "t2"]).map((digests) => listed(...digests)),
  },
  { requiredKeys: ["state"] },
);

/** The active link can name only one version of a module, so a later version is merely built where two would clash. */
export function withoutClashes(modules: Readonly<Record<string, ModuleOptions>>): Record<string, ModuleOptions> {
  const active = new Set<string>();
  const result: Record<string, ModuleOptions> = {};
  for (const [key, one] of Object.entries(modules)) {
    const instances: Record<string, InstanceOptions> = {};
    for (const [release, instance] of Object.entries(one.instances ?? {})) {
      const place = `${key.split("/")[0]}@${release}`;
      const level = active.has(place) ? "built" : instance.level;
      if (level === "installed") active.add(place);
      const ofInstalled = (instance.problems ?? []).filter(
        (kind) => level === "installed" || !kind.startsWith("installed"),
      );
      instances[release] = { ...instance, level, problems: ofInstalled };
    }
    const displaced = (one.displaced ?? []).filter((release) => !(release in instances));
    result[key] = { ...one, displaced, instances };
  }
  return withoutFalseOrphans(result, active);
}

/** The scan finds orphans only where no version of the module is installed. */
function withoutFalseOrphans(
  modules: Readonly<Record<string, ModuleOptions>>,
  active: ReadonlySet<string>,
): Record<string, ModuleOptions> {
  const checked = Object.entries(modules).map(([key, one]): [string, ModuleOptions] => {
    const instances = Object.entries(one.instances ?? {}).map(([release, instance]): [string, InstanceOptions] => {
      const isActive = active.has(`${key.split("/")[0]}@${release}`);
      const problems = (instance.problems ?? []).filter((kind) => kind !== "orphan" || !isActive);
      return [release, { ...instance, problems }];
    });
    return [key, { ...one, instances: Object.fromEntries(instances) }];
  });
  return Object.fromEntries(checked);
}

/** Worlds that the scan could report. */
export const world: fc.Arbitrary<WorldOptions> = fc
  .record({
    kernels: fc.constant(
      releases.map((release, index) => ({
        release,
        headers: index === 2 ? undefined : "headers-1",
        hasModulesDep: index !== 1,
      })),
    ),
    modules: fc.dictionary(fc.constantFrom(...keys), module, { maxKeys: 5 }).map(withoutClashes),
    sources: fc.record(
      Object.fromEntries(
        keys.map((key) => [
          key,
          fc.oneof(
            { weight: 4, arbitrary: fc.constant({ inTree: "source-1" }) },
            { weight: 1, arbitrary: fc.constant({ inTree: "source-1", given: "source-2" }) },
            { weight: 1, arbitrary: fc.constant({ given: "source-2" }) },
            { weight: 1, arbitrary: fc.constant({}) },
            {
              weight: 1,
              arbitrary: fc.record({
                inTree: fc.constant("unpacked"),
                tarball: fc.constantFrom("t0", "t1"),
                confOnly: fc.boolean(),
              }),
            },
          ),
        ]),
      ),
    ),
    confs: fc.dictionary(
      fc.constantFrom(...keys),
      fc.oneof(
        fc.record({ buildDepends: fc.subarray(names, { maxLength: 2 }) }),
        fc.constant({ exclusion: "not for this kernel" }),
        fc.constant({ invalid: "no PACKAGE_NAME" }),
      ),
      { maxKeys: 4 },
    ),
    strays: fc.subarray([...names, "gone"]),
    depmodOwed: fc.subarray(releases),
    depmodBehind: fc.dictionary(
      fc.tuple(fc.constantFrom(...keys), fc.constantFrom(...releases)).map(([key, release]) => `${key}@${release}`),
      fc.constant("updates/dkms/a.ko"),
      { maxKeys: 2 },
    ),
    initramfs: fc.option(
      fc.dictionary(
        fc.constantFrom(...releases),
        fc.oneof(fc.constant("none" as const), fc.dictionary(fc.constantFrom(...names), fc.boolean())),
      ),
      { nil: undefined },
    ),
    initramfsPending: fc.dictionary(
      fc.constantFrom(...releases),
      fc.record({ declined: fc.constantFrom(undefined, { text: "not now", remedy: "mend that" }) }),
    ),
    complete: fc.boolean(),
    missingTools: fc.constantFrom([], [], [], ["make"]),
    signer: fc.constantFrom(undefined, undefined, "key-1", "key-2"),
  })
  .map((one) => one);

/** What documents could want of their modules. */
export const entries = fc.dictionary(fc.constantFrom(...keys, "a/*"), entry, { maxKeys: 5 });
export const unlisted = fc.constantFrom("report", "ignore", "prune");

/** What is in the archives that the documents list: the same for every module. */
export const archives: fc.Arbitrary<readonly TarballOptions[]> = fc.tuple(archive("t1"), archive("t2"));

function archive(sha256: string): fc.Arbitrary<TarballOptions> {
  const sound = fc.record({ sha256: fc.constant(sha256), kernels: fc.subarray(releases), hasSource: fc.boolean() });
  const problem = fc.constantFrom("unreachable" as const, "untrusted" as const);
  return fc.oneof(
    { weight: 5, arbitrary: sound },
    { weight: 1, arbitrary: problem.map((one) => ({ sha256, problem: one })) },
  );
}

export interface Given {
  readonly options: WorldOptions;
  readonly wanted: Readonly<Record<string, Partial<DesiredModule>>>;
}

/** The scan looks where the documents say: into the archives that they list, in that order, and at the sources. */
export function matched(trees: WorldOptions, entries: Given["wanted"], contents: readonly TarballOptions[]): Given {
  const tarballs = Object.entries(entries).flatMap(([key, { tarballs: files = [] }]) => {
    const found = files.flatMap(({ sha256 }) => contents.find((one) => one.sha256 === sha256) ?? []);
    return files.length > 0 && !key.endsWith("*") ? [[key, found] as const] : [];
  });
  const named = Object.entries(entries).map(([key, one]) => {
    return [key, trees.sources?.[key]?.given === undefined ? one : { ...one, source: "/srv/source" }] as const;
  });
  return { options: { ...trees, tarballs: Object.fromEntries(tarballs) }, wanted: Object.fromEntries(named) };
}
