import { makeReady, runFiles } from "./proof.mjs";

/** The Ansible role through all of its states, and what Ansible's own tools say about the collection. */
await makeReady({ for: "test" });
runFiles(["test/scenarios/ansible.slow.ts"]);
