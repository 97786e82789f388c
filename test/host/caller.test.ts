import os from "node:os";
import process from "node:process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { findCaller } from "../../src/host/caller.ts";

const caller = suite("findCaller");

caller("names the user whose rights the program has", () => {
  const { uid, user } = findCaller({});
  assert.is(uid, process.geteuid?.());
  assert.is(user, os.userInfo().username);
});

caller("tells who has logged in: the kernel's word first, then sudo's, and nobody's is no invention", () => {
  const { login: audited } = findCaller({});
  const { login } = findCaller({ SUDO_UID: "12345", SUDO_USER: "somebody" });
  assert.equal(login, audited ?? { uid: 12345, user: "somebody" });
  assert.equal(findCaller({ SUDO_UID: "no number", SUDO_USER: "somebody" }).login, audited);
});

caller.run();
