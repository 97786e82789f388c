import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ModuleInfo } from "../../../src/dkms/module-info.ts";
import { compareObjects } from "../../../src/dkms/verbs/version-check.ts";

const comparing = suite("compareObjects");

function info(version?: string, srcversion?: string): ModuleInfo {
  return {
    name: undefined,
    vermagic: undefined,
    version,
    srcversion,
    depends: [],
    license: undefined,
    buildId: undefined,
    arch: undefined,
    signature: undefined,
  };
}

/** What dell/dkms 3.2.2 does with each pair: it installs over an older one, and refuses the others in two ways. */
const table: readonly [ModuleInfo, ModuleInfo, ReturnType<typeof compareObjects>][] = [
  [info("2.0", "A"), info("1.0", "B"), "newer"],
  [info("1.0", "A"), info("2.0", "B"), "older"],
  [info("1.0", "A"), info("1.0", "B"), "older"],
  [info("1.0", "B"), info("1.0", "A"), "older"],
  [info("1.0", "A"), info("1.0", "A"), "same"],
  [info("2.0", "A"), info("1.0", "A"), "newer"],
  [info(undefined, "A"), info(undefined, "A"), "same"],
  [info(undefined, "A"), info(undefined, "B"), "older"],
  [info(undefined, "A"), info("1.0", "A"), "older"],
  [info("1.0", "A"), info(undefined, "B"), "newer"],
  [info("1.0"), info("1.0"), "same"],
  [info("1.0"), info("1.0", "A"), "older"],
  [info("1.10", "A"), info("1.9", "B"), "newer"],
  [info("1.9-k", "A"), info("1.9", "B"), "newer"],
  [info("1.9", "A"), info("1.9-k", "B"), "older"],
  [info("v2", "A"), info("3", "B"), "newer"],
  [info(), info(), "older"],
];

comparing("judges as dell/dkms does", () => {
  for (const [found, ours, expected] of table) {
    const pair = [found, ours].map(({ version, srcversion }) => `${version}/${srcversion}`).join(" against ");
    assert.is(compareObjects(found, ours), expected, pair);
  }
});

comparing.run();
