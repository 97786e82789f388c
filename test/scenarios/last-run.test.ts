import { spawn } from "node:child_process";
import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { HistoryDocument } from "../../src/contract/history-schema.ts";
import type { LastRunDocument } from "../../src/contract/last-run-schema.ts";
import { type AgentRoot, cli } from "../rig/agent.ts";
import { assertFitsSchema } from "../rig/json-contract.ts";
import { quickMachine, quickModule, wanted } from "../rig/quick-machine.ts";
import { runProgram } from "../rig/run-program.ts";
import { differences, snapshot } from "../rig/snapshot.ts";
import { testNeeding } from "../rig/test-needing.ts";
import { withoutPrograms } from "../rig/without-programs.ts";

const older = "6.1.0-1-amd64";
const newer = "6.1.0-2-amd64";
const state = "var/lib/dkms/.dkms-agent";
const figures = "var/lib/prometheus/node-exporter/dkms_agent.prom";

const reported = suite<{ host: AgentRoot }>("last-run.json");
reported.before.each((context) => {
  const host = quickMachine([older, newer]);
  fs.mkdirSync(host.at("var/lib/prometheus/node-exporter"), { recursive: true });
  fs.writeFileSync(host.at("etc/dkms-agent/config.yaml"), `metrics_file: /${figures}\n`);
  context.host = host;
});
reported.after.each(({ host }) => host.remove());

function lastRun({ at }: AgentRoot): LastRunDocument {
  const document = JSON.parse(fs.readFileSync(at(state, "last-run.json"), "utf8"));
  assertFitsSchema("last-run", document);
  return document;
}

/** The figures, by name and labels. */
function metrics({ at }: AgentRoot): ReadonlyMap<string, number> {
  assert.is(fs.statSync(at(figures)).mode & 0o777, 0o644);
  const lines = fs.readFileSync(at(figures), "utf8").trimEnd().split("\n");
  const samples = lines.filter((line) => !line.startsWith("#")).map((line) => /^(\S+) (\S+)$/.exec(line) ?? []);
  return new Map(samples.map(([, name = "", value]) => [name.replace("dkms_agent_", ""), Number(value)]));
}

/** `Type=Status reason` of each condition, by module and kernel. */
function conditions(run: LastRunDocument): Readonly<Record<string, string>> {
  return Object.fromEntries(
    run.instances.map(({ address, conditions: all }) => [
      address.replace(/\/1\.0@6\.1\.0-(\d)-amd64\/x86_64$/, "@$1"),
      all.map(({ type, status, reason }) => `${type}=${status} ${reason}`).join(", "),
    ]),
  );
}

const fine = "Ready=True ready, Blocked=False reachable, Drifted=False no-drift";

reported("tells how the run ended and how things stand, and again when nothing happens", async ({ host }) => {
  quickModule(host, "good");
  quickModule(host, "other", { conf: `BUILD_EXCLUSIVE_KERNEL="^6.1.0-1"` });
  host.want(`${wanted("good")}\n${wanted("other")}`, "kernels: [installed]\n");
  await host.apply();
  const first = lastRun(host);
  assert.equal([first.status, first.exit_code, first.changed, first.command], ["changed", 0, true, "apply"]);
  assert.is(first.last_success_at, first.ended_at);
  const excluded = "Ready=True not-applicable, Blocked=False reachable, Drifted=False no-drift";
  assert.equal(conditions(first), { "good@1": fine, "good@2": fine, "other@1": fine, "other@2": excluded });
  assert.equal(first.levels, { added: 1, installed: 3 });
  assert.equal(first.drift, { first_seen: 3 });
  assert.equal(
    first.kernels.map(({ release, ready }) => [release, ready]),
    [
      [older, "True"],
      [newer, "True"],
    ],
  );
  await host.apply();
  const second = lastRun(host);
  assert.equal([second.status, second.changed, second.drift], ["unchanged", false, {}]);
  const aside = [figures, `${state}/journal.jsonl`, `${state}/last-run.json`];
  const before = snapshot(host.root, aside);
  await host.apply();
  const isPlace = (line: string) => /\.dkms-agent(\/lock)?$|node-exporter$/.test(line);
  const changed = differences(before, snapshot(host.root, aside)).filter((line) => !isPlace(line));
  assert.equal(changed, [], "nothing else is written");
  const third = lastRun(host);
  const when = { started_at: "", ended_at: "", duration_ms: 0, last_success_at: "", seen_at: "", digest: "" };
  const timeless = (run: LastRunDocument) => ({
    ...run,
    ...when,
    instances: run.instances.map((one) => ({ ...one, examined_at: "" })),
  });
  assert.equal(timeless(third), timeless(second));
  assert.ok(third.ended_at > second.ended_at && third.instances[0]?.examined_at === third.ended_at);
  const isSince = (run: LastRunDocument, at: string) =>
    run.instances.every(({ conditions: all }) => all.every(({ since }) => since === at));
  assert.ok(isSince(third, first.ended_at), "since when it is so");
});

reported("drift is what the run found; a kernel is not ready that lacks what a module needs", async ({ host }) => {
  quickModule(host, "good");
  host.want(wanted("good"), "kernels: [installed]\n");
  await host.apply();
  fs.rmSync(host.at("lib/modules", older, "updates/dkms/good.ko"));
  await host.apply();
  assert.equal(lastRun(host).drift, { corrective: 1 });
  assert.is(conditions(lastRun(host))["good@1"], fine.replace("False no-drift", "True installed-missing"));
  assert.is(metrics(host).get('drift{cause="corrective"}'), 1);
  const line = "updates/dkms/good.ko: kernel/gone.ko\n";
  for (const name of ["modules.dep", "modules.dep.bin"]) fs.writeFileSync(host.at("lib/modules", older, name), line);
  await host.apply();
  const { drift, kernels, exit_code } = lastRun(host);
  assert.equal([exit_code, drift], [0, {}]);
  assert.equal(
    kernels.map(({ release, ready, not_ready }) => [release, ready, not_ready.length]),
    [
      [older, "False", 1],
      [newer, "True", 0],
    ],
  );
  assert.is(metrics(host).get(`kernel_ready{kernel="${older}"}`), 0);
  assert.is(metrics(host).get(`kernel_ready{kernel="${newer}"}`), 1);
  assert.match(conditions(lastRun(host))["good@1"] ?? "", "Ready=False missing-dependency");
});

testNeeding(
  reported,
  ["flock", "root"],
  "a run that does not come to anything says so, and what earlier ones have seen stays",
  async (_, { host }) => {
    quickModule(host, "good");
    const document = wanted("good", "protect: true");
    const head = "kernels: [installed]\n";
    host.want(document, head);
    await host.apply();
    const good = lastRun(host);
    await host.run("plan", "--out", host.at("saved.plan"));
    const next = {
      65: "The next apply is refused as well, until the documents are mended; then it compares everything",
      75: "The next apply compares everything with the documents anew, as soon as it gets the lock.",
      78: "The next apply is refused as well, until the host can run it; then it compares everything",
      79: "A saved plan that was refused stays so: make a new one. An apply without one compares everything",
      80: "The next apply is refused as well, until the documents ask for something else, or what forbids it is lifted",
    };
    const refused = async (
      exitCode: keyof typeof next,
      status: string,
      run: () => Promise<{ exitCode: number; stderr: string }>,
    ) => {
      const { exitCode: got, stderr } = await run();
      assert.is(got, exitCode, stderr);
      const now = lastRun(host);
      assert.equal([now.status, now.exit_code], [status, exitCode], stderr);
      assert.equal([now.last_success_at, now.changed], [good.last_success_at, false]);
      assert.equal(now.levels, good.levels);
      assert.is(metrics(host).get("last_run_exit_code"), exitCode);
      assert.is(metrics(host).get('instances{level="installed"}'), 2);
      const success = Date.parse(good.last_success_at ?? "") / 1000;
      assert.is(metrics(host).get("last_success_timestamp_seconds"), success);
      const { runs, next: told } = await historyOf(host);
      assert.equal([runs.at(-1)?.refusal?.exit_code, runs.at(-1)?.ending], [exitCode, "refused"]);
      assert.is(runs.at(-1)?.refusal?.code, now.problems[0]?.code);
      const isOfPlan = now.command === "apply PLANFILE";
      assert.match(told ?? "", isOfPlan ? next[79] : next[exitCode]);
      return now;
    };
    host.want("  - nonsense");
    const { problems } = await refused(65, "invalid", () => host.run("apply"));
    assert.equal(
      problems.map(({ code, snippet }) => [code, snippet]),
      [["E_WRONG_TYPE", null]],
    );
    await refused(65, "invalid", () => host.run("apply", "--json"));
    assert.is((await host.run("plan")).exitCode, 65);
    assert.is((await host.run("apply", "--dry-run")).exitCode, 65);
    const line = (await host.run("history")).stdout;
    assert.match(
      line,
      /nothing could be done, 2 times since .*: \S+modules\.yaml:\d+:\d+: .* \[E_WRONG_TYPE]\n\nThe next/,
    );
    host.want(wanted("good", "state: absent"), head);
    const forbidden = await refused(80, "refused", () => host.run("apply"));
    assert.match(conditions(forbidden)["good@1"] ?? "", /^Ready=False wanted-absent, Blocked=False/);
    await refused(79, "stale", () => host.run("apply", host.at("saved.plan")));
    fs.writeFileSync(host.at("saved.plan"), "no plan");
    await refused(65, "invalid", () => host.run("apply", host.at("saved.plan")));
    host.want(document, head);
    const holder = spawn("flock", [host.at(state, "lock"), "cat"], { stdio: ["pipe", "ignore", "inherit"] });
    await lockIsTaken(host);
    await refused(75, "locked", () => host.run("apply", "--lock-timeout", "0"));
    holder.stdin.end();
    await new Promise((done) => holder.once("close", done));
    const without = withoutPrograms(["flock"]);
    const [program, ...words] = [...without.prefix, process.execPath, cli, "apply", "--root", host.root];
    await refused(78, "unfit", () => runProgram(program ?? "", words));
    without.remove();
    await host.apply();
    assert.equal([lastRun(host).status, conditions(lastRun(host))["good@1"]], ["unchanged", fine]);
    assert.match((await historyOf(host)).next ?? "", "The next apply has nothing to do");
  },
);

async function historyOf(host: AgentRoot): Promise<HistoryDocument> {
  const document = JSON.parse((await host.run("history", "--json")).stdout);
  assertFitsSchema("history", document);
  return document;
}

async function lockIsTaken(host: AgentRoot): Promise<void> {
  for (;;) {
    const { exitCode } = await runProgram("flock", ["--nonblock", host.at(state, "lock"), "true"]);
    if (exitCode !== 0) return;
  }
}

reported("a run that was narrowed says nothing new of the rest, and nothing old that changed", async ({ host }) => {
  for (const name of ["good", "bad", "new"]) quickModule(host, name, name === "bad" ? { make: "false" } : {});
  host.want(`${wanted("good")}\n${wanted("bad")}`, "kernels: [installed]\n");
  await host.apply(1);
  const bad = "Ready=False failed-before, Blocked=True failed-before, Drifted=False no-drift";
  const whole = { "bad@1": bad, "bad@2": bad, "good@1": fine, "good@2": fine };
  assert.equal(conditions(lastRun(host)), whole);

  await host.apply(0, "--module", "good");
  const narrow = lastRun(host);
  assert.equal([narrow.status, narrow.exit_code, narrow.filter.modules], ["unchanged", 0, ["good"]]);
  assert.equal(conditions(narrow), whole, "the failure of the other one is not forgotten");
  assert.equal([narrow.blocked, narrow.last_success_at], [{ "failed-before": 2 }, null]);
  assert.equal([...new Set(narrow.kernels.map(({ ready }) => ready))], ["False"]);

  fs.rmSync(host.at("lib/modules", older, "updates/dkms/good.ko"));
  host.want(`${wanted("good")}\n${wanted("bad", "state: built")}\n${wanted("new")}`, "kernels: [installed]\n");
  await host.apply(0, "--module", "new");
  const unknown = "Ready=Unknown not-examined";
  const later = { "bad@1": unknown, "bad@2": unknown, "good@1": unknown, "good@2": fine, "new@1": fine, "new@2": fine };
  assert.equal(conditions(lastRun(host)), later, "it is seen to differ, or asked for in another way");

  await host.apply(0, "--kernel", older, "--module", "good");
  assert.equal(conditions(lastRun(host)), {
    ...later,
    "good@1": fine.replace("False no-drift", "True installed-missing"),
  });
  host.want(`${wanted("good")}\n${wanted("new")}`, "kernels: [installed]\n");
  await host.apply();
  assert.equal(conditions(lastRun(host)), { "good@1": fine, "good@2": fine, "new@1": fine, "new@2": fine });
  assert.is(lastRun(host).last_success_at, lastRun(host).ended_at);
});

reported("what cannot be written is a warning, and no failure", async ({ host }) => {
  quickModule(host, "good");
  host.want(wanted("good"), "kernels: [newest]\n");
  fs.rmSync(host.at("var/lib/prometheus"), { recursive: true });
  fs.mkdirSync(host.at(state, "last-run.json"), { recursive: true });
  const { exitCode, stderr } = await host.run("apply");
  assert.is(exitCode, 0, stderr);
  assert.match(stderr, /warning: Cannot keep how the run ended: .*last-run\.json.*\[W_NOT_KEPT\]/);
  fs.rmdirSync(host.at(state, "last-run.json"));
  const second = await host.run("apply");
  assert.is(second.exitCode, 0);
  assert.match(
    second.stderr,
    /warning: Cannot write the figures for node_exporter to .*\.prom: there is no directory .*\[W_NOT_KEPT\]/,
  );
  assert.match(second.stderr, "Make it, or name another place as metrics_file in the settings.");
  assert.is(lastRun(host).status, "unchanged");
  const quiet = await host.run("apply", "--quiet");
  assert.equal([quiet.exitCode, quiet.stdout, quiet.stderr], [0, "", ""]);
  const broken = await host.run("apply", "-f", host.at("nowhere.yaml"));
  assert.is(broken.exitCode, 65);
  assert.not.match(broken.stderr, "W_NOT_KEPT");
});

reported("what somebody else has made of the file is not believed, and hurts nobody", async ({ host }) => {
  quickModule(host, "good");
  host.want(wanted("good"), "kernels: [newest]\n");
  await host.apply();
  const file = host.at(state, "last-run.json");
  const good = fs.readFileSync(file, "utf8");
  const told = conditions(lastRun(host));
  const damages: readonly string[] = [
    "",
    "null",
    "[]",
    '{"format_version": "1.0"}',
    good.slice(0, 1000),
    good.replace('"format_version": "1.0"', '"format_version": "2.0"'),
    good.replace(/"conditions": \[/, '"conditions": [null, '),
    good.replace(/"levels": \{/, '"levels": {"installed": "many", '),
    good.replace(/"basis": "/, '"basis": "0'),
    good.replace(/"address": "good/, '"address": "evil'),
    `{"__proto__": {"instances": [1]}, ${good.slice(1)}`,
  ];
  for (const text of damages) {
    fs.writeFileSync(file, text);
    await host.apply();
    assert.equal(conditions(lastRun(host)), told, text.slice(0, 60));
  }
  fs.writeFileSync(file, damages.at(-1) ?? "");
  assert.is((await host.run("apply", "-f", host.at("nowhere.yaml"))).exitCode, 65);
  assert.is(lastRun(host).status, "invalid");
  fs.chmodSync(file, 0o666);
  await host.apply();
  assert.is(fs.statSync(file).mode & 0o777, 0o644);
});
reported.run();
