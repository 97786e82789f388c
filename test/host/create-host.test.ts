import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createHost } from "../../src/host/create-host.ts";

const hosts = suite("createHost");

hosts("pauses until the clock has gone on by so much, and not a millisecond less", async () => {
  const { clock, pause } = createHost();
  for (let round = 0; round < 60; round++) {
    const ms = 1 + round / 60;
    const began = clock().getTime();
    await pause(ms);
    assert.ok(clock().getTime() - began >= ms, `${clock().getTime() - began} for ${ms}`);
  }
});

hosts.run();
