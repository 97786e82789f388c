import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type AgentRoot, cli } from "../rig/agent.ts";
import { quickMachine, quickModule, wanted } from "../rig/quick-machine.ts";
import { type ProgramResult, runProgram } from "../rig/run-program.ts";

const crontab = path.join(import.meta.dirname, "../../examples/crontab");

interface Job {
  readonly when: string;
  readonly user: string;
  readonly command: string;
}

/** As crontab(5) reads a file of /etc/cron.d: variables, and jobs with the user in front of the command. */
function readCrontab(): { readonly variables: Readonly<Record<string, string>>; readonly jobs: readonly Job[] } {
  const lines = fs.readFileSync(crontab, "utf8").split("\n");
  const told = lines.filter((line) => !/^\s*(#|$)/.test(line));
  const assignments = told.flatMap((line) => /^([A-Z]+)=(.*)$/.exec(line) ?? []);
  const variables: Record<string, string> = {};
  for (let at = 0; at < assignments.length; at += 3) variables[assignments[at + 1] ?? ""] = assignments[at + 2] ?? "";
  const jobs = told
    .filter((line) => !/^[A-Z]+=/.test(line))
    .map((line) => {
      const fields = /^(@reboot|(?:[\d*/,-]+\s+){4}[\d*/,-]+)\s+(\S+)\s+(.+)$/.exec(line);
      assert.ok(fields, `cron would not understand: ${line}`);
      const [, when = "", user = "", command = ""] = fields;
      return { when, user, command };
    });
  return { variables, jobs };
}

const cron = suite<{ host: AgentRoot }>("examples/crontab");
cron.before.each((context) => {
  context.host = quickMachine(["6.1.0-1-amd64"]);
});
cron.after.each(({ host }) => host.remove());

/** What cron would do with each job, one after the other; the program on a root of its own. */
async function runJobs(host: AgentRoot): Promise<readonly (ProgramResult & Job)[]> {
  const { variables, jobs } = readCrontab();
  const programs = host.at("programs");
  fs.mkdirSync(programs, { recursive: true });
  const script = `#!/bin/sh\nexec "${process.execPath}" "${cli}" "$@" --root "${host.root}"\n`;
  fs.writeFileSync(path.join(programs, "dkms-agent"), script, { mode: 0o755 });
  const { SHELL: shell = "", PATH: search = "" } = variables;
  const results: (ProgramResult & Job)[] = [];
  for (const job of jobs) {
    // A percent sign would end the command, and what follows would be its input.
    assert.not.match(job.command, "%");
    const command = ["-i", `PATH=${programs}:${search}`, "HOME=/", "LOGNAME=root", shell, "-c", job.command];
    results.push({ ...job, ...(await runProgram("env", command)) });
  }
  return results;
}

const silent = [0, "", ""];

cron("each line runs, and tells nothing when there is nothing to do, also of warnings", async ({ host }) => {
  quickModule(host, "good");
  host.want(`${wanted("good")}\n${wanted("good2", 'kernels: [{match: "7.*"}]')}`, "kernels: [installed]\n");
  quickModule(host, "good2");
  fs.writeFileSync(host.at("etc/dkms-agent/desired-state/README"), "a file that is not read\n");
  fs.writeFileSync(host.at("etc/dkms-agent/config.yaml"), "metrics_file: /nowhere/dkms_agent.prom\n");
  const loud = await host.run("apply", "--dry-run");
  assert.match(loud.stdout + loud.stderr, "[W_NO_KERNEL_MATCHES]");
  const first = await runJobs(host);
  assert.ok(first.length >= 2);
  assert.equal(
    first.map(({ user, exitCode }) => [user, exitCode]),
    first.map(() => ["root", 0]),
  );
  assert.match(first[0]?.stdout ?? "", /^Applied: .* everything wanted is there now\.\n$/);
  for (const { when, exitCode, stdout, stderr } of await runJobs(host))
    assert.equal([exitCode, stdout, stderr], silent, when);
  for (const command of ["plan", "verify", "apply"]) {
    const { exitCode, stdout, stderr } = await host.run(command, "--quiet");
    assert.equal([exitCode, stdout, stderr], silent, command);
  }
});

cron("a change, a failure and what is blocked are told", async ({ host }) => {
  quickModule(host, "good");
  host.want(wanted("good"), "kernels: [installed]\n");
  await host.apply();
  fs.rmSync(host.at("lib/modules/6.1.0-1-amd64/updates/dkms/good.ko"));
  const planned = await host.run("plan", "--quiet");
  assert.match(planned.stdout, /^ {2}~ good\/1\.0@.* is gone from the install tree \(drift\)\n$/);
  const [mended, , ready] = await runJobs(host);
  assert.match(mended?.stdout ?? "", /^Applied: /);
  assert.equal([ready?.exitCode, ready?.stdout, ready?.stderr], silent);
  quickModule(host, "bad", { make: "false" });
  host.want(`${wanted("good")}\n${wanted("bad")}`, "kernels: [installed]\n");
  const [failed, blocked, unready] = await runJobs(host);
  assert.match(failed?.stderr ?? "", "[E_MAKE]");
  assert.match(failed?.stderr ?? "", /^ {2}! bad\/1\.0@.*\[E_FAILED_BEFORE\]/m);
  assert.equal([blocked?.exitCode, blocked?.stdout, blocked?.stderr], [3, "", ""], "that mail was sent");
  assert.is(unready?.exitCode, 1);
  assert.match(unready?.stdout ?? "", /^ {2}! bad\/1\.0@.*\[failed-before\]/);
  host.want("  - nonsense");
  for (const { exitCode, stderr } of await runJobs(host)) {
    assert.is(exitCode, 65);
    assert.match(stderr, "[E_WRONG_TYPE]");
  }
});
cron("what is blocked is told once, and again when it is another thing, or for another reason", async ({ host }) => {
  const quiet = async () => {
    const { exitCode, stdout, stderr } = await host.run("apply", "--quiet");
    assert.equal([exitCode, stdout], [3, ""]);
    return stderr;
  };
  host.want(wanted("good"), "kernels: [installed]\n");
  assert.match(await quiet(), /^ {2}! good\/1\.0@.*\[E_NO_SOURCE\]/);
  assert.is(await quiet(), "");
  assert.match((await host.run("apply")).stderr, "[E_NO_SOURCE]", "without --quiet always");
  host.want(`${wanted("good")}\n${wanted("other")}`, "kernels: [installed]\n");
  assert.match(await quiet(), /good\/1\.0.*\n.*other\/1\.0/s);
  assert.is(await quiet(), "");
  quickModule(host, "good");
  quickModule(host, "other");
  fs.rmSync(host.at("lib/modules/6.1.0-1-amd64/build"), { recursive: true });
  assert.match(await quiet(), "[E_NO_HEADERS]");
  assert.is(await quiet(), "");
  assert.match((await host.run("plan", "--quiet")).stdout, "[E_NO_HEADERS]", "who asks for a plan gets it");
});

cron.run();
