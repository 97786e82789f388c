import { join } from "node:path";
import { build } from "./build.mjs";
import { prepare } from "./prepare.mjs";
import { show } from "./process.mjs";

/** The Ansible role through all of its states, and what Ansible's own tools say about the collection. */
process.chdir(join(import.meta.dirname, ".."));
prepare({ for: "test" });
await build();
process.exitCode = show(process.execPath, ["--import", "tsx", "test/scenarios/ansible.slow.ts"]);
