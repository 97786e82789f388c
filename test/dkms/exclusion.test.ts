import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Exclusive } from "../../src/dkms/conf/dkms-conf.ts";
import { exclusion } from "../../src/dkms/exclusion.ts";
import { confWith, kernelOf } from "./conf/conf-builder.ts";

const exclude = suite("exclusion");

const config = new Map([
  ["CONFIG_ACPI", "y"],
  ["CONFIG_DRM", "m"],
  ["CONFIG_HZ", "250"],
]);
const silent = confWith().exclusive;

function why(exclusive: Partial<Exclusive>, obsoleteBy?: string): string | undefined {
  return exclusion(confWith({ exclusive: { ...silent, ...exclusive }, obsoleteBy }), kernelOf(), config);
}

exclude("lets every kernel in when the file says nothing", () => {
  assert.is(why({}), undefined);
});

exclude("names the pattern that the release does not match", () => {
  assert.match(
    why({ kernel: { pattern: "^5", matches: false } }) ?? "",
    /6\.1\.0-56-amd64 .*BUILD_EXCLUSIVE_KERNEL="\^5"/,
  );
  assert.is(why({ kernel: { pattern: "^6", matches: true } }), undefined);
});

exclude("names the pattern that the architecture does not match", () => {
  assert.match(why({ arch: { pattern: "arm", matches: false } }) ?? "", /x86_64 .*BUILD_EXCLUSIVE_ARCH="arm"/);
  assert.is(why({ arch: { pattern: "x86", matches: true } }), undefined);
});

exclude("counts both ends of the allowed range in", () => {
  assert.is(why({ kernelMin: "6.1.0-56-amd64", kernelMax: "6.1.0-56-amd64" }), undefined);
  assert.match(why({ kernelMin: "6.1.0-57" }) ?? "", /older than BUILD_EXCLUSIVE_KERNEL_MIN="6\.1\.0-57"/);
  assert.match(why({ kernelMax: "6.1" }) ?? "", /newer than BUILD_EXCLUSIVE_KERNEL_MAX="6\.1"/);
});

exclude("takes OBSOLETE_BY for the newest kernel, unless the file names one", () => {
  assert.match(why({}, "6.1") ?? "", /newer than OBSOLETE_BY="6\.1"/);
  assert.is(why({ kernelMax: "7" }, "6.1"), undefined);
});

exclude("wants options built in or as modules, and others not", () => {
  assert.is(why({ config: "CONFIG_ACPI  CONFIG_DRM !CONFIG_NOPE !CONFIG_HZ" }), undefined);
  assert.match(why({ config: "CONFIG_ACPI CONFIG_NOPE" }) ?? "", /without CONFIG_NOPE/);
  assert.match(why({ config: "CONFIG_HZ" }) ?? "", /without CONFIG_HZ/);
  assert.match(why({ config: "!CONFIG_DRM" }) ?? "", /with CONFIG_DRM/);
});

exclude.run();
