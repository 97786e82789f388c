import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { BuildRecord } from "../../src/dkms/build-record.ts";
import { staleness } from "../../src/plan/staleness.ts";

const stale = suite("staleness");

const inputs = { source: "s", conf: "c", headers: "h", compiler: "g", dependencies: {} };
const record: BuildRecord = {
  format: 1,
  module: { name: "a", version: "1" },
  kernel: { release: "6.1.0-1", arch: "x86_64" },
  inputs,
  builtAt: "2026-01-01T00:00:00.000Z",
  durationMs: 1,
  objects: [],
};

stale("asks for the signer only where one is required", () => {
  assert.is(staleness({ ...record, signer: "old" }, { inputs, signer: undefined }), undefined);
  assert.is(staleness({ ...record, signer: "now" }, { inputs, signer: "now" }), undefined);
  assert.equal(staleness({ ...record, signer: "old" }, { inputs, signer: "now" }), {
    code: "signer-changed",
    text: "signing is required, and it is signed by another key",
  });
  assert.is(staleness(record, { inputs, signer: "now" })?.text, "signing is required, and it is not signed");
});

stale("is nothing where nobody knows: no record, a tarball's, no inputs", () => {
  assert.is(staleness(undefined, { inputs, signer: "now" }), undefined);
  assert.is(staleness({ ...record, tarball: { sha256: "t" } }, { inputs, signer: "now" }), undefined);
  assert.is(staleness(record, { inputs: undefined, signer: "now" }), undefined);
});

stale.run();
