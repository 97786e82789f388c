import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { LoadedDesired } from "../../src/desired-state/load-desired.ts";
import { mostTokens } from "../../src/desired-state/parse-yaml.ts";
import { largestFile } from "../../src/desired-state/read-document.ts";
import { localFiles } from "../../src/host/local-files.ts";
import { withinProcessorTime } from "../rig/within-processor-time.ts";
import { brief, head, inDirectory, load, loadText, modules } from "./documents.ts";

const hostile = suite("hostile documents");

/** A second of processor time: what else the machine does must not count. */
function withinASecond(loadIt: () => LoadedDesired): LoadedDesired {
  return withinProcessorTime(1000, loadIt);
}

function refused(text: string | Uint8Array, expected: string): LoadedDesired {
  const loaded = withinASecond(() => loadText(text));
  assert.is(loaded.desired, undefined);
  assert.is(
    brief(loaded.diagnostics[0] ?? { severity: "error", code: "E_EMPTY", message: "none", file: "" }),
    expected,
  );
  return loaded;
}

function filled(piece: string, size = largestFile - 200): string {
  return piece.repeat(Math.floor(size / piece.length));
}

hostile("an alias bomb is refused at its first anchor and alias", () => {
  const bomb = [
    "a: &a [x, x]",
    ...[..."bcdefghi"].map((key) => `${key}: &${key} [*${previous(key)}, *${previous(key)}]`),
  ];
  const { diagnostics } = withinASecond(() => loadText(`${bomb.join("\n")}\n`));
  assert.ok(diagnostics.some((diagnostic) => brief(diagnostic) === "E_ALIAS 2:4"));
});

hostile("patterns that would take for ever elsewhere, as many as fit, cost no time before they are asked", () => {
  for (const selector of [
    "regex: '^([a-z0-9.-]+)+(.?){300}$'",
    "regex: '[a-z].[^b]\\d\\w([a-z0-9.-]|[^x])+$'",
    `match: "${"*[a-z]".repeat(30)}"`,
  ]) {
    const list = filled(`  - ${selector}\n`);
    withinASecond(() => loadText(`${head}kernels:\n${list}modules: []\n`));
  }
});

function previous(letter: string): string {
  return String.fromCharCode(letter.charCodeAt(0) - 1);
}

hostile("an anchor that is its own alias is refused", () => {
  const { diagnostics } = loadText(`${head}modules: &a [*a]\n`);
  assert.equal(diagnostics.map(brief), ["E_ALIAS 2:10", "E_ALIAS 2:14"]);
});

const deep: Readonly<Record<string, string>> = {
  "[": "[".repeat(100_000),
  "{": "{".repeat(100_000),
  "{a: ": "{a: ".repeat(100_000),
  "- ": "- ".repeat(100_000),
  "? ": "? ".repeat(100_000),
  "indented keys": Array.from({ length: 1000 }, (_, depth) => `${" ".repeat(depth)}a:\n`).join(""),
};

for (const [name, text] of Object.entries(deep)) {
  hostile(`${name} nested a hundred thousand times does not cost the stack`, () => {
    const { desired, diagnostics } = withinASecond(() => loadText(text));
    assert.is(desired, undefined);
    assert.equal(
      diagnostics.map(({ code }) => code),
      ["E_TOO_DEEP"],
    );
  });
}

hostile("a megabyte of text in one value is read as the wrong kind of value", () => {
  refused(`${head}modules: ${filled("x")}\n`, "E_WRONG_TYPE 2:10");
  refused(`${head}modules: "${filled("x\\n")}"\n`, "E_WRONG_TYPE 2:10");
  refused(`${head}modules: '${filled("x\n ")}'\n`, "E_WRONG_TYPE 2:10");
  refused(`${head}modules: |\n${filled("  x\n")}`, "E_WRONG_TYPE 2:10");
});

hostile("a megabyte of text in a name ends in a short message", () => {
  const { diagnostics } = refused(`${head}modules: [{version: 1, name: ${filled("x")}}]\n`, "E_BAD_VALUE 2:30");
  assert.ok((diagnostics[0]?.message.length ?? 0) < 200);
  assert.ok((diagnostics[0]?.snippet?.text.length ?? 0) < 200);
});

hostile("a key of a megabyte is an error", () => {
  refused(`${filled("k")}: v\n`, "E_YAML_SYNTAX 1:1");
});

const many: Readonly<Record<string, string>> = {
  keys: "abcd: x\n",
  "empty modules": "- {}\n",
  tags: "- !a x\n",
  anchors: "- &a x\n",
  quotes: '"" ',
  "closing brackets": "] ",
  "closing braces": "}\n",
  "document marks": "---\na\n",
  "blank lines": "\n",
  comments: "#\n",
  directives: "%YAML 1.2\n",
};

for (const [name, piece] of Object.entries(many)) {
  hostile(`a megabyte of ${name}, and as many as are still read, end in an error`, () => {
    const still = piece.repeat(mostTokens / 5);
    for (const text of [filled(piece), still]) assert.is(withinASecond(() => loadText(text)).desired, undefined);
  });
}

hostile("many documents share one allowance of words", () => {
  const document = `${head}modules: []\n# ${"x\n# ".repeat(8000)}\n`;
  const files = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`${10 + index}.yaml`, document]));
  inDirectory(files, (directory) => {
    const { desired, diagnostics } = withinASecond(() => load(directory));
    assert.is(desired, undefined);
    const [first, ...others] = diagnostics;
    assert.is(first?.code, "E_TOO_LARGE");
    assert.equal(others, []);
  });
});

hostile("what is hardly YAML is not complained about mark by mark", () => {
  const { diagnostics } = refused("] ".repeat(60), "E_YAML_SYNTAX 1:102");
  assert.is(diagnostics.length, 1);
});

hostile("a file of more than a mebibyte is not read", () => {
  refused(Buffer.alloc(largestFile + 1, "#"), "E_TOO_LARGE");
});

hostile("a large file is not even opened", () => {
  inDirectory({ "a.yaml": Buffer.alloc(largestFile + 1, "#") }, (directory) => {
    const unopened = (): never => {
      throw new Error("opened");
    };
    const { diagnostics } = load(directory, { files: { ...localFiles, readBytes: unopened } });
    assert.equal(diagnostics.map(brief), ["E_TOO_LARGE"]);
  });
});

hostile("files of more than four mebibytes together are not read", () => {
  const comment = Buffer.alloc(largestFile, "#");
  inDirectory(
    { "a.yaml": comment, "b.yaml": comment, "c.yaml": comment, "d.yaml": comment, "e.yaml": "#" },
    (directory) => {
      const { diagnostics } = withinASecond(() => load(directory));
      assert.ok(diagnostics.some(({ file, code }) => code === "E_TOO_LARGE" && file.endsWith("e.yaml")));
    },
  );
});

hostile("a directory of more than a thousand documents is not read", () => {
  const files = Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`${index}.yaml`, ""]));
  inDirectory(files, (directory) => {
    assert.equal(load(directory).diagnostics.map(brief), ["E_TOO_LARGE"]);
  });
});

hostile("a key given twice is an error at the second", () => {
  refused(`${head}modules: []\nmodules: []\n`, "E_DUPLICATE_KEY 3:1");
  refused(`${head}modules: [{name: a, version: 1, name: b}]\n`, "E_DUPLICATE_KEY 2:33");
});

hostile("__proto__ and constructor are keys like others, and unknown", () => {
  refused(`${head}modules: []\n__proto__: {unlisted: prune}\n`, "E_UNKNOWN_KEY 3:1");
  refused(`${head}modules: []\nconstructor: x\n`, "E_UNKNOWN_KEY 3:1");
  refused(modules("name: a\nversion: 1\n__proto__: {state: absent}"), "E_UNKNOWN_KEY 5:5");
  refused(modules("name: a\nversion: 1\ndirectives: {__proto__: x}"), "E_UNKNOWN_KEY 5:18");
  refused(modules("name: a\nversion: 1\ndirectives: {constructor: x}"), "E_UNKNOWN_KEY 5:18");
  refused(modules("name: a\nversion: 1\nkernels: [{__proto__: x}]"), "E_UNKNOWN_KEY 5:16");
});

hostile("a NUL or another control character in the file is an error at its place", () => {
  const { diagnostics } = refused(modules("name: a\0b\nversion: 1"), "E_YAML_SYNTAX 3:12");
  assert.match(diagnostics[0]?.message ?? "", "U+0000");
  refused(modules("name: a\u001b[2Jb\nversion: 1"), "E_YAML_SYNTAX 3:12");
  refused(`${head}# a\rmodules: []\n`, "E_YAML_SYNTAX 2:4");
});

const names = ['"a\\0b"', '"a\\nb"', "../a", "a/b", "..", ".a", "-a", '"a b"', '""', "'a*'", '"\\x1b[2J"'];

for (const name of names) {
  hostile(`${name} is neither a name nor a version`, () => {
    refused(modules(`version: 1\nname: ${name}`), "E_BAD_VALUE 4:11");
    refused(modules(`name: a\nversion: ${name}`), "E_BAD_VALUE 4:14");
  });
}

hostile("no message and no snippet holds a character that a terminal obeys", () => {
  const text = modules('name: "\\x1b[2J"\nversion: a/\u202eb\nsource: ""');
  for (const { message, snippet } of loadText(text).diagnostics) {
    assert.not.match(message, /\p{C}/u);
    assert.not.match(snippet?.text ?? "", /\p{C}/u);
  }
});

hostile("what is not UTF-8 is an error at the first wrong byte", () => {
  const bad = Buffer.concat([Buffer.from(`${head}modules: []\n# ä`), Buffer.from([0xff]), Buffer.from("x\n")]);
  refused(bad, "E_NOT_UTF8 3:4");
  refused(Buffer.concat([Buffer.from(`${head}#`), Buffer.from([0xc3])]), "E_NOT_UTF8 2:2");
  refused(Buffer.concat([Buffer.from(`${head}#`), Buffer.from([0xed, 0xa0, 0x80])]), "E_NOT_UTF8 2:3");
});

hostile("UTF-16 is called by its name", () => {
  const { diagnostics } = loadText(Buffer.from(`\ufeff${head}`, "utf16le"));
  assert.match(diagnostics[0]?.message ?? "", "UTF-16");
});

hostile("an empty file, and one of comments alone, are errors", () => {
  refused("", "E_EMPTY 1:1");
  refused("# nothing\n\n", "E_EMPTY 1:1");
  refused("---\n...\n", "E_EMPTY 1:1");
  refused("\ufeff", "E_EMPTY 1:1");
});

hostile("a second document in a file is an error where it begins", () => {
  refused(`${head}modules: []\n---\n${head}modules: []\n`, "E_UNSUPPORTED 4:1");
  refused(filled("---\na\n"), "E_UNSUPPORTED 4:1");
});

hostile("one document between marks is one document", () => {
  assert.ok(loadText(`---\n${head}modules: []\n...\n`).desired);
});

hostile("a tab that indents is an error that says so", () => {
  const { diagnostics } = refused(`${head}modules:\n\t- name: a\n`, "E_YAML_SYNTAX 3:1");
  assert.match(diagnostics[0]?.message ?? "", /tab/);
});

hostile("tags are refused, whatever they ask for", () => {
  refused(`${head}modules: !!python/object/apply:os.system [id]\n`, "E_UNSUPPORTED 2:10");
  refused(modules("name: !x a\nversion: 1"), "E_UNSUPPORTED 3:11");
  refused(modules("name: !!binary a\nversion: 1"), "E_UNSUPPORTED 3:11");
});

hostile("a key that is a list is an error", () => {
  refused(`${head}modules: []\n? [a]\n: b\n`, "E_WRONG_TYPE 3:3");
});

hostile("a merge key merges nothing", () => {
  refused(`%YAML 1.1\n---\n${head}modules: []\n<<: {unlisted: prune}\n`, "E_UNKNOWN_KEY 5:1");
});

hostile.run();

const places = suite("places that are no documents");

function problemsAt(place: string): readonly string[] {
  const { desired, diagnostics } = load(place);
  assert.is(desired, undefined);
  return diagnostics.map(({ file, code, message }) => `${path.basename(file)} ${code} ${message}`);
}

places("a place where nothing is", () => {
  inDirectory({}, (directory) => {
    assert.equal(problemsAt(path.join(directory, "none")), ["none E_UNREADABLE There is no such file or directory."]);
  });
});

places("a directory without documents, with a word on those that are named otherwise", () => {
  inDirectory({ "a.yml": "" }, (directory) => {
    const codes = load(directory).diagnostics.map(({ code }) => code);
    assert.equal(codes, ["E_EMPTY", "W_IGNORED_FILE"]);
  });
});

places("a directory that is named like a document", () => {
  inDirectory({ "b.yaml": modules("name: a\nversion: 1") }, (directory) => {
    fs.mkdirSync(path.join(directory, "a.yaml"));
    assert.equal(problemsAt(directory), ["a.yaml E_UNREADABLE It is a directory, where a file is expected."]);
  });
});

places("a FIFO, alone and in a directory, without waiting for a writer", () => {
  inDirectory({}, (directory) => {
    const fifo = path.join(directory, "a.yaml");
    execFileSync("mkfifo", [fifo]);
    const expected = ["a.yaml E_UNREADABLE It is a FIFO, a socket or a device, where a file is expected."];
    assert.equal(problemsAt(fifo), expected);
    assert.equal(problemsAt(directory), expected);
  });
});

places("a device that never ends", () => {
  assert.equal(problemsAt("/dev/zero"), [
    "zero E_UNREADABLE It is a FIFO, a socket or a device, where a file is expected.",
  ]);
});

places("a link to nowhere and a link to itself", () => {
  inDirectory({}, (directory) => {
    fs.symlinkSync("nowhere", path.join(directory, "a.yaml"));
    fs.symlinkSync("b.yaml", path.join(directory, "b.yaml"));
    assert.equal(problemsAt(directory), [
      "a.yaml E_UNREADABLE There is no such file, or it is a link to nowhere.",
      "b.yaml E_UNREADABLE It cannot be read: the symbolic link leads back to itself (ELOOP).",
    ]);
  });
});

places("a file that this user may not read", () => {
  inDirectory({ "a.yaml": "x", "b.yaml": "x" }, (directory) => {
    const denied = Object.assign(new Error("denied"), { code: "EACCES", syscall: "open" });
    const files = {
      ...localFiles,
      readBytes: (file: string) => {
        if (file.endsWith("a.yaml")) throw denied;
        return localFiles.readBytes(file);
      },
    };
    const { desired, diagnostics } = load(directory, { files });
    assert.is(desired, undefined);
    assert.equal(
      diagnostics.map(({ code }) => code),
      ["E_UNREADABLE", "E_WRONG_TYPE"],
    );
    assert.is(diagnostics[0]?.message, "It cannot be read: permission denied (EACCES).");
  });
});

places("a file that grows or goes away between the look and the reading", () => {
  const { desired, diagnostics } = inDirectory({ "a.yaml": "x" }, (directory) =>
    load(directory, { files: { ...localFiles, readBytes: () => Buffer.alloc(largestFile + 1) } }),
  );
  assert.equal([desired, diagnostics[0]?.code], [undefined, "E_TOO_LARGE"]);
  const gone = inDirectory({ "a.yaml": "x" }, (directory) =>
    load(directory, { files: { ...localFiles, readBytes: () => undefined } }),
  );
  assert.is(gone.diagnostics[0]?.code, "E_UNREADABLE");
});

places("a bug in the file functions is no problem of a document", () => {
  const files = {
    ...localFiles,
    stat: () => {
      throw new TypeError("bug");
    },
  };
  assert.throws(() => load("/etc", { files }), /bug/);
});

places.run();
