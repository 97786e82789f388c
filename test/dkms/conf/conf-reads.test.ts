import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sourceScript } from "../../../src/dkms/conf/bash-scripts.ts";
import { type ConfReads, confReads } from "../../../src/dkms/conf/conf-reads.ts";
import { directiveNames } from "../../../src/dkms/conf/raw-conf.ts";
import { askBash } from "./ask-bash.ts";

const reads = suite("confReads");

const headers = "/lib/modules/6.1/build";
const variables = new Map([
  ["kernelver", "6.1.0-56-amd64"],
  ["module", "demo"],
  ["spaced", "a  b"],
  ["kernel_source_dir", headers],
]);

function readsOf(text: string, files: Readonly<Record<string, string>> = {}): ConfReads | undefined {
  return confReads(text, { variables, readText: (place) => files[place], hasProgram: (name) => name === "make" });
}

for (const [text, places, programs] of [
  ['A=x; MAKE="$A ${A:-y} ${module%o}"; export B=$A; unset A', [], []],
  ["i=0\nPATCH[$i]=a\ni=$((i+1))\nPATCH[i]=b", [], []],
  ["if [ -f $kernel_source_dir/.config ]; then MAKE=x; fi", [`${headers}/.config`], []],
  ['[[ ! -e ${kernel_source_dir}/a && -d "$kernel_source_dir" ]] || STRIP=no', [`${headers}/a`, headers], []],
  [". $kernel_source_dir/.config; MAKE=$CONFIG_A", [`${headers}/.config`], []],
  ["if ! grep -q '^CONFIG_A=y' /boot/c 2>/dev/null; then echo no >&2; fi", ["/^CONFIG_A=y", "/boot/c"], ["grep"]],
  ["V=$(echo $kernelver | sed -ne 's/\\([0-9]*\\).*/\\1/p')", [], ["sed"]],
  ['n=26\nA=`echo "$module" | sed "s/XX\\$/$n/"`', [], ["sed"]],
  ['if ! { echo "$kernelver"; echo 5.18; } | sort -V -C; then MAKE=x; fi', [], ["sort"]],
  ['case "$kernelver" in 2.6.* | 3.*) A=1 ;; (*) A=2 ;; esac', [], []],
  ['f() { local a=$1; MAKE="$a"; }\nf one', [], ["f"]],
  ['for one in a b; do PATCH+=("$one"); done', [], []],
  ['( [ "$A" -ge 3 -a "$B" -lt 4 ] || [ -n "$A" ] ) && MAKE=x', [], []],
  ['N=`nproc`\n[ $N -gt 16 ] && N=16\nMAKE="make -j$N -l$(nproc)"', [], ["nproc"]],
] as const) {
  reads(`tells what is read: ${JSON.stringify(text)}`, () => {
    const found = readsOf(text);
    assert.equal(found && [[...found.places], [...found.programs], found.ownPlace], [
      [...places],
      [...programs],
      false,
    ]);
  });
}

reads("says that a file asks where it lies", () => {
  assert.is(readsOf("MAKE=$(dirname $BASH_SOURCE)"), undefined, "split by blanks");
  assert.is(readsOf('MAKE=$(dirname "$BASH_SOURCE")')?.ownPlace, true);
});

reads("follows a sourced file only if that assigns and does nothing else", () => {
  const text = '. /a\nif [ "${A:-n}" = n ]; then MAKE=x; fi';
  for (const [sourced, isTold] of [
    ["A=y\n# B is not set\n", true],
    ["A=$(date)\n", false],
    ["PATH=/bin\n", false],
    ["A=(*)\n", false],
  ] as const)
    assert.is(readsOf(text, { "/a": sourced }) !== undefined, isTold, sourced);
  assert.ok(readsOf(text), "which is not there");
  const named = ". /a\n[ -f $kernel_source_dir/b ] && MAKE=x";
  assert.ok(readsOf(named, { "/a": "A=y\n" }));
  assert.is(readsOf(named, { "/a": "kernel_source_dir=/elsewhere\n" }), undefined);
  assert.is(readsOf(". /a\nMAKE=$((A))", { "/a": "A=1\n" }), undefined, "counted with");
});

const untoldValues = [
  ...["$RANDOM", "$SECONDS", "$EPOCHSECONDS", "$HOSTNAME", "$PWD", "$HOME", "$$", "$!", "$-", "$_", "$0", "$UID", "~"],
  ...["$DKMS_AGENT_RUN", "${!A}", "${A@P}", "${A:=x}", "${A:1}", "$'x'", '$"x"', "$[1]", "$((A[0]))", "$((RANDOM))"],
  ...["$(date)", "$(cat x | wc -l", "$(<x)", "<(echo x)", "$(uname -n)", "`pwd`", "$(sed -n p /x)", "$(sed 'r x' /x)"],
  ...["$(echo *)", "$(echo $spaced)", "$(echo $A)", "$(grep -r x /x)", "$(sort -o /x)", "$(make)", "$(nproc --all)"],
  "$(nproc); nproc() { echo x; }",
].map((value) => `A=x\nMAKE=${value}`);

const untoldTexts = [
  ...[
    "eval x",
    "exec x",
    "set -f",
    "shopt -s nullglob",
    "trap x EXIT",
    "read A",
    "cd /",
    "x",
    "A=x env",
    "printf -v A x",
  ],
  ...[
    "PATH=/x",
    "IFS=:",
    "LC_ALL=C sort",
    "GREP_COLORS=x grep a",
    "echo x >/x",
    ">/dev/null [[ x > n ]]",
    "A=1 [[ x > n ]]",
    "cat </x",
    "cat <<E\nx\nE",
    "echo x &",
  ],
  ...[
    "[ -f x ]",
    "[ -f $A/x ]; A=y",
    "[ -f /proc/x ]",
    "[ -N /x ]",
    "[ /x -nt /y ]",
    "[ -t 0 ]",
    "[ $A -f /x ]",
    "[[ -o x ]]",
  ],
  ...['[ "$A" /x ]', '[ "$A" -a "$B" -a "$C" ]', "[[ $A -eq 1 ]]; A=RANDOM", "PATCH[$A]=x; A=RANDOM", "((A))", "let A"],
  ...[
    "PATCH=(*)",
    "PATCH=($A); A='*'",
    "for a in *; do x; done",
    ". x",
    ". $A",
    "echo {a,b}",
    "time true",
    "make() { :; }",
  ],
  ...[
    "echo() { :; }; echo x",
    "A=x\r",
    "A='x",
    "A=$(echo x",
    "$A x",
    '"echo" x',
    "kernel_source_dir=x; [ -f $kernel_source_dir/x ]",
  ],
];

for (const text of [...untoldValues, ...untoldTexts]) {
  reads(`cannot tell: ${JSON.stringify(text)}`, () => {
    assert.is(readsOf(text), undefined);
  });
}

reads("never leaves out what an answer depends on", async () => {
  const runs = Number(process.env.DKMS_AGENT_PROPERTY_RUNS ?? 400);
  const top = fs.mkdtempSync(path.join(os.tmpdir(), "dkms-reads-"));
  try {
    const worlds = fc.sample(confFile, runs).flatMap((text, at) => makeWorld(path.join(top, String(at)), text) ?? []);
    const here = makePlace(path.join(top, "here"), ["x", "6.1", "-f"]);
    const there = makePlace(path.join(top, "there"), ["y", "a b", "x=1"]);
    const before = await askWorlds(worlds, { cwd: here, rooted: here, word: "early" });
    for (const world of worlds) change(world);
    const after = await askWorlds(worlds, { cwd: there, rooted: here, word: "late" });
    assert.equal(
      [fs.readdirSync(here), fs.readdirSync(there)],
      [
        ["-f", "6.1", "x"],
        ["a b", "x=1", "y"],
      ],
      "files are made",
    );
    for (const [at, { text, place }] of worlds.entries()) {
      const [first = "", second = ""] = [before[at], after[at]].map((answer) => answer?.replaceAll(place, ""));
      assert.is(second.replaceAll("moved-", ""), first, JSON.stringify(text));
    }
    assert.ok(worlds.length > runs / 8, `only of ${worlds.length} of ${runs} it could be told`);
    assert.ok(worlds.length < runs, "of all it could be told");
  } finally {
    fs.rmSync(top, { recursive: true });
  }
});

interface World {
  readonly text: string;
  readonly place: string;
  readonly reads: ConfReads;
}

/** A dkms.conf with places of its own around it, if it can be told what it reads. */
function makeWorld(place: string, text: string): World | undefined {
  const guess = confReads(text, { variables, readText: () => "", hasProgram: () => false });
  if (!guess) return undefined;
  fs.mkdirSync(path.join(place, "build/dir"), { recursive: true });
  for (const [name, content] of contents) fs.writeFileSync(path.join(place, "build", name), content);
  fs.writeFileSync(path.join(place, "dkms.conf"), text);
  const found = confReads(text, {
    variables: worldVariables(place),
    readText: (file) => (isFile(file) ? fs.readFileSync(file, "utf8") : undefined),
    hasProgram: () => false,
  });
  return found && { text, place, reads: found };
}

function isFile(file: string): boolean {
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

const contents = [
  [".config", "CONFIG_A=y\nCONFIG_B=m\n# CONFIG_C is not set\n"],
  ["more", "CONFIG_A=m\nA=3\n"],
  ["rename", "kernel_source_dir=.\n"],
  ["odd", "A=RANDOM\n"],
] as const;

function worldVariables(place: string): ReadonlyMap<string, string> {
  return new Map([...variables, ["kernel_source_dir", path.join(place, "build")]]);
}

/** Everything that the file is not said to read becomes another, the place of the file too. */
function change({ place, reads: { places, ownPlace } }: World): void {
  const build = path.join(place, "build");
  for (const [name] of contents)
    if (!places.has(path.join(build, name))) fs.writeFileSync(path.join(build, name), "CONFIG_A=n\nMAKE=other\n");
  if (!places.has(path.join(build, "dir"))) fs.rmdirSync(path.join(build, "dir"));
  if (!places.has(path.join(build, "none"))) fs.writeFileSync(path.join(build, "none"), "CONFIG_A=new\n");
  if (!ownPlace) fs.renameSync(path.join(place, "dkms.conf"), path.join(place, "moved-dkms.conf"));
}

interface Surroundings {
  /** The working directory, and home. */
  readonly cwd: string;
  /** The working directory of what goes by its being `/`. */
  readonly rooted: string;
  /** What the environment says, wherever it says something. */
  readonly word: string;
}

function makePlace(place: string, names: readonly string[]): string {
  fs.mkdirSync(place);
  for (const name of names) fs.writeFileSync(path.join(place, name), `A=${path.basename(place)}\nMAKE=$A\n`);
  return place;
}

async function askWorlds(worlds: readonly World[], { cwd, rooted, word }: Surroundings): Promise<string[]> {
  const told = ["HOSTNAME", "USER", "LOGNAME", "TZ", "DKMS_AGENT_RUN", "TERM"].map((name) => [name, word]);
  const env = { PATH: "/usr/bin:/bin", LC_ALL: "C", HOME: cwd, ...Object.fromEntries(told) };
  const answers = new Map<World, string>();
  for (const directory of new Set([cwd, rooted])) {
    const those = worlds.filter((world) => cwd === rooted || goesByRoot(world) === (directory === rooted));
    const said = await askBash(sourceScript, those.map(callOf), { cwd: directory, env, withErrors: true });
    for (const [at, world] of those.entries()) answers.set(world, said[at] ?? "");
  }
  return worlds.map((world) => answers.get(world) ?? "");
}

function goesByRoot({ place, reads: { places } }: World): boolean {
  return [...places].some((one) => !one.startsWith(place));
}

function callOf({ place }: World): string[] {
  const files = ["dkms.conf", "moved-dkms.conf"].map((name) => path.join(place, name));
  const file = files.find((one) => fs.existsSync(one)) ?? "";
  return [file, "MARK", directiveNames.join(" "), ...worldVariables(place)].flat();
}

const sure = fc.constantFrom(
  ...[
    "A=x",
    "A=1",
    "A=",
    "i=0",
    "i=$((i+1))",
    "PATCH[$i]=p$i",
    "PATCH+=($kernelver)",
    'MAKE="$MAKE$A"',
    "MAKE=$CONFIG_A",
  ],
  ...['[ "$A" = x ]', "[[ $A == x* ]]", '[ -n "$A" -a -f $kernel_source_dir/more ]', "[ -f $kernel_source_dir/none ]"],
  ...["[[ -d $kernel_source_dir/dir ]]", ". $kernel_source_dir/.config", "[ -e $kernel_source_dir/.config ]", "true"],
  ...["grep -q ^CONFIG_A=y $kernel_source_dir/.config", "echo $kernelver", 'echo "$A"', "cut -d. -f1", "sed 's/6/7/'"],
  ...["MAKE=${A:-none}", "MAKE=${kernelver%%-*}", "f one", 'export B="$A"', "unset A", "f() { MAKE=$1; }", "return"],
  ...[
    "sort -V",
    "cat $kernel_source_dir/more",
    "grep -c CONFIG",
    "[ $i -gt 1 ]",
    "MAKE=$BASH_SOURCE",
    "A=$(nproc)",
    "MAKE=-j`nproc`",
    "shift",
    "tail -1",
  ],
);
const unsure = fc.constantFrom(
  ...[
    "A=RANDOM; MAKE=$((A))",
    "A='a[$(pwd >&2)]'; PATCH[$A]=p",
    "A='a[$(pwd >&2)]'; [[ $A -eq 0 ]]",
    "A=RANDOM; PATCH[A]=p",
  ],
  ...[
    "A='*'; PATCH+=($A)",
    "A='-f x'; [ $A ] && MAKE=x",
    "A='x = y'; [ $A ] && MAKE=x",
    "A='*'; for B in $A; do MAKE=$B; done",
  ],
  ...['A=-f; [ "$A" -a x -a y ] || MAKE=y', 'A=-f; [ "$A" x ] && MAKE=x', "A='*'; MAKE=$(echo $A)", "A='*'; f $A"],
  ...[
    "MAKE=$RANDOM",
    "MAKE=$HOSTNAME",
    "MAKE=$PWD",
    "MAKE=$$",
    "MAKE=~",
    "MAKE=$HOME",
    "MAKE=$EPOCHREALTIME",
    "PATCH=(*)",
  ],
  ...["[ -f x ] && MAKE=x", "[[ -f y ]] && MAKE=y", ". ./x", ". x", "MAKE=$(<x)", "MAKE=$(sed p x)", "cat x && MAKE=x"],
  ...[
    ">/dev/null [[ x > n ]]",
    "MAKE=`echo x >n`",
    "MAKE=$(pwd)",
    "MAKE=$(echo *)",
    "A=RANDOM; MAKE=${!A}",
    "cd build",
    "read MAKE <x",
    "MAKE=$-",
    "MAKE=$_",
    "((A++))",
  ],
  ...["eval 'MAKE=$RANDOM'", "printf -v MAKE %s $RANDOM", "MAKE=$DKMS_AGENT_RUN", "MAKE=$TZ$USER", "MAKE=${A:-$PPID}"],
  ...[
    "kernel_source_dir=.; [ -f $kernel_source_dir/x ] && MAKE=x",
    "sed 's/x/y/;r x' x",
    "MAKE=$(sed -e s/a/b/ -e 'r x' x)",
  ],
  ...[
    ". $kernel_source_dir/rename; [ -f $kernel_source_dir/x ] && MAKE=x",
    "A=more; . $kernel_source_dir/$A",
    "MAKE=$BASHPID",
  ],
  ...[
    "A=more; [ -f $kernel_source_dir/$A ] && MAKE=$A",
    "A=none; [ -f $kernel_source_dir/$A ] && MAKE=$A",
    "PATCH=({x,$$})",
  ],
  ...[
    ". $kernel_source_dir/odd; MAKE=$((A))",
    "f() { eval $1; }; f 'MAKE=$RANDOM'",
    "[ -f $kernel_source_dir/n* ] && MAKE=x",
  ],
);
const soup = fc.string({ unit: fc.constantFrom(...`Ax1 ="'\\$[]{}();|&#~*?+-:.,\n\`!@%^<>/f`), maxLength: 10 });
const part = fc.oneof(
  { weight: 24, arbitrary: sure },
  { weight: 4, arbitrary: unsure },
  { weight: 1, arbitrary: soup },
);
const joined = (template: string) =>
  fc.tuple(part, part).map(([a, b]) => template.replace("1", () => a).replace("2", () => b));
const command = fc.oneof(
  { weight: 6, arbitrary: part },
  {
    weight: 6,
    arbitrary: fc.constantFrom("if 1; then 2; fi", "1 && 2", "1 || 2", "1 | 2", "{ 1; 2; }", "( 1; 2 )").chain(joined),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom('MAKE="$(1)"; 2', "MAKE=`1`; 2", "g() { 1; }; 2; g", "! 1 || 2").chain(joined),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom("case $A in x) 1 ;; *) 2 ;; esac", "for A in a 1; do 2; done", "1 # 2").chain(joined),
  },
);
const separator = fc.constantFrom("\n", "\n", "; ", " # c\n", " \\\n", "\n\n", " >/dev/null\n", " 2>&1\n");
const confFile = fc
  .array(fc.tuple(command, separator), { minLength: 1, maxLength: 5 })
  .map((pairs) => pairs.flat().join(""));

reads.run();
