import { suite } from "uvu";
import * as assert from "uvu/assert";
import { commandTable } from "../../src/commands/command-table.ts";
import { parseCommandLine } from "../../src/commands/program.ts";
import { sharedOptionSpecs } from "../../src/commands/shared-options.ts";

function words(...args: readonly string[]) {
  const parsed = parseCommandLine(args);
  if (parsed.kind !== "words") throw new Error(`${args.join(" ")} is a command`);
  return { ...parsed, out: parsed.out ?? "", err: parsed.err ?? "" };
}

function command(...args: readonly string[]) {
  const parsed = parseCommandLine(args);
  if (parsed.kind !== "command") throw new Error(parsed.err ?? parsed.out);
  return parsed;
}

const line = suite("parseCommandLine");

line("shared options stand before or behind the command", () => {
  const before = command("--json", "--root", "/r", "plan").options;
  const behind = command("plan", "--json", "--root", "/r").options;
  assert.equal(before, behind);
  assert.is(before.json, true);
});

line("every shared option comes to the command", () => {
  const { options } = command(
    ...["plan", "-f", "d", "--desired", "e"],
    ...["--root", "/r", "--dkms-tree", "/a", "--source-tree", "/b", "--install-tree", "/c"],
    ...["--module", "x", "--module", "y/1", "--kernel", "6.1", "--json", "--no-color", "-vv"],
    ...["--lock-timeout", "1m", "--allow-insecure-files"],
  );
  assert.equal(options, {
    desired: ["d", "e"],
    desiredGiven: true,
    places: { root: "/r", dkmsTree: "/a", sourceTree: "/b", installTree: "/c" },
    modules: [
      { name: "x", version: undefined },
      { name: "y", version: "1" },
    ],
    kernel: "6.1",
    json: true,
    color: false,
    verbosity: 2,
    quiet: false,
    lockTimeoutMs: 60_000,
    allowInsecureFiles: true,
  });
});

line("a command's own options come apart", () => {
  const { own } = command("apply", "--jobs", "4", "--fail-fast", "--json");
  assert.equal({ ...own }, { jobs: "4", failFast: true });
});

line("typing errors: code 64, the nearest word, where to read on", () => {
  const unknown = words("plna");
  assert.is(unknown.exitCode, 64);
  assert.is(
    unknown.err,
    "dkms-agent: unknown command 'plna' [E_USAGE]\nDid you mean plan?\ndkms-agent --help tells what is possible.\n",
  );
  const option = words("plan", "--jsno");
  assert.is(option.exitCode, 64);
  assert.match(option.err, "Did you mean --json?\ndkms-agent plan --help");
  assert.match(words("validate", "modules.yaml").err, "Documents are named with -f PATH");
});

line("a missing value, a word too much, an option twice, a bad value, no command at all", () => {
  for (const args of [
    ["plan", "--root"],
    ["plan", "x"],
    ["plan", "--root", "a", "--root", "b"],
    ["plan", "--kernel", "../x"],
    [],
  ]) {
    const { exitCode, out, err, problems } = words(...args);
    assert.equal([exitCode, out, err !== ""], [64, "", true], args.join(" "));
    assert.equal([problems?.length, problems?.[0]?.code], [1, "E_USAGE"], args.join(" "));
  }
});

line(
  "with --json, wherever it stands, the problem is to be told as JSON: in a document, or in events for apply",
  () => {
    assert.is(words("plna", "--json").json, "document");
    assert.is(words("--json", "plan", "--root").json, "document");
    assert.is(words("--json").json, "document");
    assert.is(words("apply", "--json", "--bogus").json, "events");
    assert.is(words("apply", "--dry-run", "--json", "--bogus").json, "document");
    assert.is(words("plan", "--bogus").json, undefined);
    assert.is(words("--help", "--json").json, undefined);
  },
);

line("help and version go to stdout, with code 0", () => {
  for (const args of [["--help"], ["-h"], ["plan", "--help"], ["--version"], ["-V"]]) {
    const { exitCode, out, err } = words(...args);
    assert.equal([exitCode, out !== "", err], [0, true, ""], args.join(" "));
  }
});

line("the help has commands, shared options, exit codes and examples", () => {
  const { out } = words("--help");
  for (const { name, summary } of commandTable) assert.match(out, new RegExp(`^ {2}${name}\\b.* ${summary}$`, "m"));
  for (const { flags } of sharedOptionSpecs) assert.match(out, flags);
  for (const title of ["Exit codes:", "Exit codes of apply --detailed-exitcode:", "Examples:"])
    assert.match(out, title);
});

line("each command's help has examples that are no typing errors", () => {
  for (const { name, examples } of commandTable) {
    const { out } = words(name, "--help");
    assert.ok(examples.length > 0);
    for (const [example] of examples) {
      assert.match(out, example);
      const [program, ...args] = example.replace(/ (?:[|>]|&&) ?.*$/, "").split(" ");
      assert.is(program, "dkms-agent");
      assert.is(parseCommandLine(args).kind, "command", example);
    }
  }
});

line("no line of any help is wider than 120 columns", () => {
  const helps = [words("--help"), ...commandTable.map(({ name }) => words(name, "--help"))];
  const wide = helps.flatMap(({ out }) => out.split("\n").filter(({ length }) => length > 120));
  assert.equal(wide, []);
});

line("options before dkms are told where they belong", () => {
  const { exitCode, err } = words("--root", "/r", "dkms", "status");
  assert.is(exitCode, 64);
  assert.match(err, "dkms-agent dkms status --root DIR");
});
line.run();
