import { suite } from "uvu";
import * as assert from "uvu/assert";
import { evaluateInBash, rereadInBash } from "../../../src/dkms/conf/bash-evaluator.ts";
import { entriesOf, type RawConf } from "../../../src/dkms/conf/raw-conf.ts";
import { dkmsTree, type TreeBuilder } from "../../rig/tree-builder.ts";

interface Context {
  tree: TreeBuilder;
}

const variables = new Map([
  ["kernelver", "6.1.0-56-amd64"],
  ["module", "demo"],
]);

const evaluate = suite<Context>("evaluateInBash");
evaluate.before.each((context) => {
  context.tree = dkmsTree();
});
evaluate.after.each(({ tree }) => tree.remove());

function evaluateText(tree: TreeBuilder, text: string) {
  const file = tree.write("dkms.conf", text);
  const inherited = [{ name: "STRIP", index: 1, value: "no" }];
  return evaluateInBash(tree.host().run, { file, variables, inherited });
}

async function valuesOf(tree: TreeBuilder, text: string): Promise<Record<string, string>> {
  const answer = await evaluateText(tree, text);
  if (!answer.ok) throw new Error(answer.error.message);
  const { "STRIP[1]": inherited, ...values } = toObject(answer.value.raw);
  assert.is(inherited, "no");
  return values;
}

evaluate("runs what is not plain assignment", async ({ tree }) => {
  const text = `
    f() { echo "from $1"; }
    if [[ $kernelver == 6.* ]]; then MAKE=$(f "$module"); fi
    case $kernelver in +([0-9]).*) PATCH[2]="a
b" ;; esac
    PATCH+=(c)
    declare PRE_BUILD`;
  assert.equal(await valuesOf(tree, text), { "MAKE[0]": "from demo", "PATCH[2]": "a\nb", "PATCH[3]": "c" });
});

evaluate("knows the file's own path and exports what dell/dkms exports", async ({ tree }) => {
  const text = "MAKE=$BASH_SOURCE; POST_ADD=$(env | grep -c -e ^kernelver= -e ^module= -e ^dkms_tree=); PRE_BUILD=$PWD";
  const expected = { "MAKE[0]": tree.at("dkms.conf"), "POST_ADD[0]": "2", "PRE_BUILD[0]": "/" };
  assert.equal(await valuesOf(tree, text), expected);
});

evaluate("keeps what the file prints apart from its values", async ({ tree }) => {
  const answer = await evaluateText(tree, "echo MAKE 0 fake; printf 'a\\0b'; echo warned >&2; MAKE=x");
  assert.ok(answer.ok);
  assert.equal(answer.value.complaints, ["warned"]);
  assert.is(answer.value.raw.get("MAKE")?.get(0), "x");
});

for (const [title, text] of [
  ["fails and asks for -e", "set -e; false; MAKE=x"],
  ["sets -u, noglob, PATH and IFS", "MAKE=x; set -uf; PATH=/nowhere; IFS=_AM0"],
  [
    "hides builtins behind functions",
    "printf() { echo no; }; eval() { :; }; builtin() { :; }; declare() { :; }; MAKE=x",
  ],
  ["hides even unset and trap", "unset() { :; }; trap() { :; }; printf() { :; }; MAKE=x"],
  ["defines traps", "trap 'echo debug' DEBUG; trap 'echo end' EXIT; trap 'echo return' RETURN; MAKE=x"],
  ["redirects its stdout", "exec >/dev/null; MAKE=x"],
  ["leaves with return", "MAKE=x; return 3; MAKE=y"],
  ["ends in a failing command", "MAKE=x\nfalse"],
  ["names a command that is not there", "MAKE=x;\r\nno-such-command-here\n"],
  ["asks for traces", "set -xv; MAKE=x"],
  ["uses shell aliases", "shopt -s expand_aliases; alias printf=false; alias for=false; MAKE=x"],
] as const) {
  evaluate(`survives a file that ${title}`, async ({ tree }) => {
    assert.equal(await valuesOf(tree, text), { "MAKE[0]": "x" });
  });
}

evaluate("refuses a file that ends the shell", async ({ tree }) => {
  for (const text of ["MAKE=x; exit 3", "exit 0", "exec true", "set -u; MAKE=$NOPE"]) {
    const answer = await evaluateText(tree, text);
    assert.ok(!answer.ok, text);
    assert.equal([answer.error.code, answer.error.dkmsExit], ["E_CONF_INVALID", 8]);
    assert.match(answer.error.message, /ended the shell with code/);
  }
});

evaluate("says what bash says of a syntax error, with its line", async ({ tree }) => {
  const answer = await evaluateText(tree, "MAKE=x\nif then\n");
  assert.ok(!answer.ok);
  assert.is(answer.error.code, "E_CONF_INVALID");
  assert.match(answer.error.message, /dkms\.conf: line 2: syntax error near unexpected token `then'/);
});

evaluate("says that a file hangs", async ({ tree }) => {
  const file = tree.write("dkms.conf", "sleep 300");
  const { run } = tree.host();
  const answer = await evaluateInBash((command) => run({ ...command, timeoutMs: 200 }), {
    file,
    variables,
    inherited: [],
  });
  assert.ok(!answer.ok);
  assert.match(answer.error.message, /did not end within/);
});

const reread = suite<Context>("rereadInBash");

reread("expands in order, with the values before it and none of the file's variables", async () => {
  const tree = dkmsTree();
  const values = [
    { name: "PACKAGE_NAME", index: 0, value: "$module" },
    { name: "MAKE", index: 0, value: "make $PACKAGE_NAME $(echo $kernelver) $nope \\$x" },
    { name: "MAKE", index: 1, value: 'make CC="gcc" KCFLAGS="-O2 -g"' },
    { name: "MAKE", index: 2, value: '"make" CC="$module"' },
    { name: "PATCH", index: 0, value: "a `" },
  ];
  const answer = await rereadInBash(tree.host().run, { file: "/dkms.conf", variables, inherited: values });
  tree.remove();
  assert.equal(answer.ok && toObject(answer.value), {
    "PACKAGE_NAME[0]": "demo",
    "MAKE[0]": "make demo 6.1.0-56-amd64  $x",
    "MAKE[1]": 'make CC="gcc" KCFLAGS="-O2 -g"',
    "MAKE[2]": "make CC=demo",
    "PATCH[0]": "a `",
  });
});

function toObject(raw: RawConf): Record<string, string> {
  return Object.fromEntries(entriesOf(raw).map(({ name, index, value }) => [`${name}[${index}]`, value]));
}

evaluate.run();
reread.run();
