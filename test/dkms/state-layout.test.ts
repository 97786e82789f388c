import { suite } from "uvu";
import * as assert from "uvu/assert";
import * as layout from "../../src/dkms/state-layout.ts";
import { createHost } from "../../src/host/create-host.ts";

const { paths } = createHost({ root: "/", dkmsTree: "/d" });
const module = { name: "hello", version: "1.0" };
const kernel = { release: "6.1.0-1", arch: "x86_64" };

const stateLayout = suite("stateLayout");

stateLayout("everything that dkms-agent keeps for itself is in one directory, hidden from dell/dkms", () => {
  const {
    failedBuildLog,
    rememberedFailureFile,
    protectionFile,
    depmodMark,
    depmodRecord,
    initramfsRecordFile,
    ...plain
  } = layout;
  const ours = [
    ...Object.values(plain).map((place) => place(paths)),
    failedBuildLog(paths, { module, kernel }),
    rememberedFailureFile(paths, { module, kernel }),
    protectionFile(paths, module),
    depmodMark(paths, kernel),
    depmodRecord(paths, kernel),
    initramfsRecordFile(paths, kernel),
  ];
  for (const place of ours) assert.ok(place.startsWith("/d/.dkms-agent/"), place);
  assert.is(new Set(ours).size, ours.length);
});

stateLayout("refuses every name that would lead elsewhere", () => {
  const bad = { name: "..", version: "1" };
  assert.throws(() => layout.protectionFile(paths, bad), "cannot be part of a path");
  assert.throws(() => layout.failedBuildLog(paths, { module: bad, kernel }), "cannot be part of a path");
  assert.throws(() => layout.rememberedFailureFile(paths, { module: bad, kernel }), "cannot be part of a path");
  assert.throws(() => layout.depmodMark(paths, { release: "..", arch: "x86_64" }), "cannot be part of a path");
  assert.throws(() => layout.initramfsRecordFile(paths, { release: "6.1", arch: "a/b" }), "cannot be part of a path");
});

stateLayout.run();
