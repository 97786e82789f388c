import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type MakeRequest, makeCommand } from "../../src/dkms/make-command.ts";
import { confWith, kernelOf } from "./conf/conf-builder.ts";

const command = suite("makeCommand");

/** MAKE as written, and the command line in dell/dkms 3.2.2's make.log on two processors. */
const observed: readonly (readonly [string | undefined, string])[] = [
  [
    undefined,
    "make -j2 KERNELRELEASE=6.1.0-56-amd64 -C /lib/modules/6.1.0-56-amd64/build M=/var/lib/dkms/demo/1.0/build",
  ],
  ["make", "make -j2 KERNELRELEASE=6.1.0-56-amd64"],
  ["make all V=1", "make -j2 KERNELRELEASE=6.1.0-56-amd64 all V=1"],
  ["makefoo x", "make -j2 KERNELRELEASE=6.1.0-56-amd64foo x"],
  ["make; x", "make -j2 KERNELRELEASE=6.1.0-56-amd64; x"],
  ["make && make b", "make -j2 KERNELRELEASE=6.1.0-56-amd64 && make b"],
  ["'make' x", "'make' x"],
  ["(make x)", "(make x)"],
  [" make leading", " make leading"],
  ["KERNELDIR=/x make driver", "KERNELDIR=/x make driver"],
];

for (const [make, expected] of observed) {
  command(`writes ${make ?? "the default"} as dell/dkms does`, () => {
    assert.is(makeCommand(confWith({ make }), request()), expected);
  });
}

command("adds LLVM=1 at the very end, whatever the command is", () => {
  assert.is(makeCommand(confWith({ make: "./build.sh" }), request({ llvm: true })), "./build.sh LLVM=1");
});

command("adds no -j under a jobserver", () => {
  const line = makeCommand(confWith({ make: "make all" }), request({ jobs: undefined }));
  assert.is(line, "make KERNELRELEASE=6.1.0-56-amd64 all");
});

function request(more: Partial<MakeRequest> = {}): MakeRequest {
  const module = { name: "demo", version: "1.0" };
  return { kernel: kernelOf(), dkmsTree: "/var/lib/dkms", module, jobs: 2, llvm: false, ...more };
}

command.run();
