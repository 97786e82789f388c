import fs from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Candidate } from "../../src/desired-state/candidate.ts";
import { loadDesired, mostDiagnostics } from "../../src/desired-state/load-desired.ts";
import { createHost } from "../../src/host/create-host.ts";
import { brief, desiredOf, head, inDirectory, load, loadText, modules, problemsOf } from "./documents.ts";

const loading = suite("loadDesired");

loading("reads every key of a document", () => {
  const document = `apiVersion: dkms-agent/v1
kernels: [installed]
unlisted: prune
modules:
  - name: jool-dkms
    version: 4.1.9
    state: built
    source: ./src/jool
    kernels:
      - running
      - 6.1.0-56-amd64
      - match: "6.1.*-amd64"
      - regex: ^6\\.12
      - range: ">=6.12 <6.13"
      - not: "*-rt-*"
      - not: {range: "<6.1"}
    directives: {STRIP: no, "MAKE[0]": make all}
    timeout: 1h30m
    protect: true
    initramfs: false
    build: auto
    tarballs:
      - {path: ./jool.dkms.tar.gz, sha256: ${"0".repeat(64)}}
`;
  inDirectory({ "a.yaml": document }, (directory) => {
    const file = path.join(directory, "a.yaml");
    const place = (line: number, column: number, endColumn: number) => ({
      file,
      range: { line, column, endLine: line, endColumn },
    });
    const { desired, diagnostics } = load(file);
    assert.equal(diagnostics, []);
    assert.is(desired?.unlisted, "prune");
    assert.equal(desired?.unlistedPlace?.range, { line: 3, column: 1, endLine: 3, endColumn: 9 });
    assert.equal(desired?.modules, [
      {
        name: "jool-dkms",
        version: "4.1.9",
        state: "built",
        source: path.join(directory, "src/jool"),
        kernels: [
          { kind: "running" },
          { kind: "exact", release: "6.1.0-56-amd64" },
          { kind: "match", glob: "6.1.*-amd64" },
          { kind: "regex", pattern: "^6\\.12" },
          {
            kind: "range",
            bounds: [
              { operator: ">=", version: "6.12" },
              { operator: "<", version: "6.13" },
            ],
          },
          { kind: "not", selector: { kind: "match", glob: "*-rt-*" } },
          { kind: "not", selector: { kind: "range", bounds: [{ operator: "<", version: "6.1" }] } },
        ],
        directives: { STRIP: "no", "MAKE[0]": "make all" },
        timeoutMs: 5_400_000,
        build: "auto",
        protect: true,
        initramfs: false,
        tarballs: [{ path: path.join(directory, "jool.dkms.tar.gz"), sha256: "0".repeat(64) }],
        position: { file, line: 5, column: 5 },
        places: {
          version: place(6, 14, 19),
          kernels: [
            place(10, 9, 16),
            place(11, 9, 23),
            place(12, 9, 29),
            place(13, 9, 22),
            place(14, 9, 30),
            place(15, 9, 22),
            place(16, 9, 29),
          ],
        },
      },
    ]);
  });
});

loading("fills in the defaults", () => {
  const { unlisted, modules: listed } = desiredOf(modules("name: a\nversion: 1"));
  assert.is(unlisted, "report");
  const { position, places, ...module } = listed[0] ?? { position: undefined, places: undefined };
  assert.equal(module, {
    name: "a",
    version: "1",
    state: "installed",
    source: undefined,
    kernels: [{ kind: "running" }, { kind: "newest" }],
    directives: {},
    timeoutMs: undefined,
    build: "auto",
    protect: false,
    initramfs: false,
    tarballs: [],
  });
  assert.is(position?.line, 3);
  assert.equal(places?.kernels, []);
});

loading("reads all scalars as text", () => {
  const versions = ["1.10", "no", "0x10", "1e3", "2024-01-01", "~", "null", "0755", "1_000", "true"];
  const listed = desiredOf(
    modules(...versions.map((version, index) => `name: m${index}\nversion: ${version}`)),
  ).modules;
  assert.equal(
    listed.map(({ version }) => version),
    versions,
  );
});

loading("reads scalars as text even where the document says YAML 1.1", () => {
  const { modules: listed } = desiredOf(`%YAML 1.1\n---\n${modules("name: no\nversion: 1.10")}`);
  assert.equal([listed[0]?.name, listed[0]?.version], ["no", "1.10"]);
});

loading("wants nothing where the document lists nothing", () => {
  assert.equal(desiredOf(`${head}modules: []\n`).modules, []);
});

loading("does not take a document without the key modules for one that lists nothing", () => {
  assert.equal(problemsOf(head), ["E_MISSING_KEY"]);
});

loading("does not take a key without a value for an empty list", () => {
  assert.equal(problemsOf(`${head}modules:\n  # - name: a\n`), ["E_WRONG_TYPE 2:1"]);
});

loading("gives the same digest for the same content, and another one for another", () => {
  const first = desiredOf(modules("name: a\nversion: 1"));
  const second = desiredOf(modules("name: a\nversion: 1"));
  const third = desiredOf(modules("name: a\nversion: 2"));
  assert.is(first.sha256, second.sha256);
  assert.is.not(first.sha256, third.sha256);
  assert.match(first.files[0]?.sha256 ?? "", /^[0-9a-f]{64}$/);
});

loading("accepts a byte order mark and CRLF line ends", () => {
  const { modules: listed } = desiredOf(`\ufeff${modules("name: a\nversion: 1").replaceAll("\n", "\r\n")}`);
  assert.equal([listed[0]?.version, listed[0]?.position.column], ["1", 5]);
});

loading("counts columns from behind a byte order mark", () => {
  assert.equal(problemsOf("\ufeffapiVersio: x\n"), ["E_MISSING_KEY 1:1", "E_UNKNOWN_KEY 1:1"]);
});

loading("reports every problem of a document at once, in the order of the text", () => {
  const text = `apiVersion: dkms-agent/v2
kernel: [running]
unlisted: purge
modules:
  - name: ../a
    vesion: 1
    state: instaled
  - name: b
    version: 1
    kernels: [newst]
    timeout: 20
`;
  assert.equal(problemsOf(text), [
    "E_BAD_VALUE 1:13",
    "E_UNKNOWN_KEY 2:1",
    "E_BAD_VALUE 3:11",
    "E_MISSING_KEY 5:5",
    "E_BAD_VALUE 5:11",
    "E_UNKNOWN_KEY 6:5",
    "E_BAD_VALUE 7:12",
    "E_BAD_VALUE 10:15",
    "E_BAD_VALUE 11:14",
  ]);
});

loading("shows the line and puts the caret below the problem", () => {
  const [diagnostic] = loadText(`${head}modules: []\nunlistd: ignore\n`).diagnostics;
  assert.equal(diagnostic?.range, { line: 3, column: 1, endLine: 3, endColumn: 8 });
  assert.equal(diagnostic?.snippet, { text: "unlistd: ignore", caretColumn: 1, caretLength: 7 });
  assert.is(diagnostic?.hint, 'Did you mean "unlisted"?');
});

loading("comes with a warning where nothing is wrong enough to stop", () => {
  const { desired, diagnostics } = loadText(modules("name: a\nversion: 1\nsource: x\nbuild: never"));
  assert.equal(diagnostics.map(brief), ["W_NO_EFFECT 5:5"]);
  assert.is(diagnostics[0]?.severity, "warning");
  assert.is(desired?.modules.length, 1);
});

loading("stops counting out problems when there are too many", () => {
  const { diagnostics } = loadText(`${head}modules:\n${"  - {}\n".repeat(300)}`);
  assert.is(diagnostics.length, mostDiagnostics + 1);
  assert.is(diagnostics.at(-1)?.code, "E_MORE_PROBLEMS");
  assert.match(diagnostics.at(-1)?.message ?? "", "500 more");
  const oneMore = loadText(`${head}unlisted: no\nmodules:\n${"  - {}\n".repeat(50)}`);
  assert.is(oneMore.diagnostics.at(-1)?.message, "There is 1 more problem.");
});

loading("shows no warning in the place of an error", () => {
  const warnings = Array.from({ length: 120 }, (_, index) => `name: m${index}\nversion: 1\nsource: x\nbuild: never`);
  const { desired, diagnostics } = loadText(modules(...warnings, "name: last\nversion: a/b"));
  assert.is(desired, undefined);
  assert.is(diagnostics.filter(({ code }) => code === "E_BAD_VALUE").length, 1);
  assert.is(diagnostics.at(-1)?.code, "W_MORE_PROBLEMS");
  const lines = diagnostics.flatMap(({ range }) => range?.line ?? []);
  assert.equal(
    lines,
    [...lines].sort((left, right) => left - right),
  );
});

loading("goes on with warnings only, however many", () => {
  const warnings = Array.from({ length: 120 }, (_, index) => `name: m${index}\nversion: 1\nsource: x\nbuild: never`);
  assert.is(loadText(modules(...warnings)).desired?.modules.length, 120);
});

const pieces = [
  "a",
  ":",
  " ",
  "\n",
  "  ",
  "- ",
  "[",
  "]",
  "{",
  "}",
  ",",
  '"',
  "'",
  "|",
  "#",
  "&a",
  "*a",
  "!t",
  "? ",
  "---\n",
];
const words = [
  "apiVersion: dkms-agent/v1",
  "modules:",
  "name:",
  "version: 1",
  "kernels: [",
  "not:",
  "<<:",
  "\t",
  "\r",
  "\0",
  "😀",
];

loading("never throws, and has a desired state exactly if there is no error, whatever the text", () => {
  const text = fc.array(fc.constantFrom(...pieces, ...words), { maxLength: 40 }).map((parts) => parts.join(""));
  inDirectory({}, (directory) => {
    const file = path.join(directory, "a.yaml");
    const check = (content: string | Uint8Array) => {
      fs.writeFileSync(file, content);
      const { desired, diagnostics } = load(file);
      assert.is(
        desired === undefined,
        diagnostics.some(({ severity }) => severity === "error"),
      );
      for (const { range } of diagnostics) assert.ok(range === undefined || (range.line > 0 && range.column > 0));
    };
    fc.assert(fc.property(text, check), { numRuns: 300 });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 30 }), check), { numRuns: 100 });
  });
});

loading.run();

const directories = suite("loadDesired of a directory");

directories("merges its documents in the order of their names", () => {
  const files = {
    "20-b.yaml": modules("name: b\nversion: 1"),
    "10-a.yaml": modules("name: a\nversion: 1"),
    "10-a-more.yaml": modules("name: c\nversion: 1"),
    ".hidden.yaml": "nonsense: [",
    README: "nonsense: [",
  };
  inDirectory(files, (directory) => {
    const { desired, diagnostics } = load(directory);
    assert.equal(diagnostics, []);
    assert.equal(
      desired?.modules.map(({ name }) => name),
      ["c", "a", "b"],
    );
    assert.equal(
      desired?.files.map((file) => path.basename(file.path)),
      ["10-a-more.yaml", "10-a.yaml", "20-b.yaml"],
    );
  });
});

directories("lets one document set the kernels of all", () => {
  const files = {
    "a.yaml": modules("name: a\nversion: 1"),
    "z.yaml": `${head}kernels: [installed]\nunlisted: ignore\n`,
  };
  inDirectory(files, (directory) => {
    const { desired } = load(directory);
    assert.equal(desired?.modules[0]?.kernels, [{ kind: "installed" }]);
    assert.is(desired?.unlisted, "ignore");
  });
});

directories("reports the problems of all documents, by file", () => {
  const files = { "b.yaml": "a: [", "a.yaml": `${head}modules: x\n`, "c.yaml": modules("name: a\nversion: 1") };
  inDirectory(files, (directory) => {
    const { desired, diagnostics } = load(directory);
    assert.is(desired, undefined);
    assert.equal(
      diagnostics.map(({ file, code }) => `${path.basename(file)} ${code}`),
      ["a.yaml E_WRONG_TYPE", "b.yaml E_YAML_SYNTAX"],
    );
  });
});

directories("resolves a source beside its document", () => {
  inDirectory({ "a.yaml": modules("name: a\nversion: 1\nsource: ../src/a") }, (directory) => {
    assert.is(load(directory).desired?.modules[0]?.source, path.join(path.dirname(directory), "src/a"));
  });
});

directories.run();

const places = suite("loadDesired of several places");

const one = (name: string) => modules(`name: ${name}\nversion: 1`);

places("reads documents and directories in the order in which they are named, as if they were one", () => {
  const files = { "z.yaml": one("z"), "a.yaml": one("a"), "m.yaml": `${head}kernels: [installed]\n` };
  inDirectory(files, (first) =>
    inDirectory({ "b.yaml": one("b"), "c.yaml": one("c") }, (second) => {
      const named = [path.join(first, "z.yaml"), second, path.join(first, "m.yaml")];
      const { desired, diagnostics } = load(named);
      assert.equal(diagnostics, []);
      assert.equal(desired?.paths, named);
      assert.equal(
        desired?.modules.map(({ name }) => name),
        ["z", "b", "c"],
      );
      assert.equal(desired?.modules[1]?.kernels, [{ kind: "installed" }]);
    }),
  );
});

places("refuses a module that two of them list, and names both places", () => {
  inDirectory({ "a.yaml": one("a") }, (first) =>
    inDirectory({ "b.yaml": one("a") }, (second) => {
      const { desired, diagnostics } = load([second, first]);
      assert.is(desired, undefined);
      assert.equal(
        diagnostics.map(({ code, file, message }) => ({ code, file, message })),
        [
          {
            code: "E_DUPLICATE_MODULE",
            file: path.join(first, "a.yaml"),
            message: `a/1 is listed already in ${path.join(second, "b.yaml")}, line 3.`,
          },
        ],
      );
    }),
  );
});

places("refuses a document that is named twice, and says so rather than that it contradicts itself", () => {
  inDirectory({ "a.yaml": one("a"), "b.yaml": one("b") }, (directory) => {
    const file = path.join(directory, "a.yaml");
    for (const named of [
      [file, file],
      [directory, file],
    ]) {
      const [first, ...others] = load(named).diagnostics;
      assert.equal([first?.code, first?.file, others], ["E_CONFLICT", file, []]);
      assert.match(first?.message ?? "", "named twice");
    }
  });
});

places("one that is not there is an error beside the problems of the others", () => {
  inDirectory({ "a.yaml": "a: [" }, (directory) => {
    const missing = path.join(directory, "missing");
    const { desired, diagnostics } = load([directory, missing]);
    assert.is(desired, undefined);
    assert.equal(
      diagnostics.map(({ code, file }) => [code, path.basename(file)]),
      [
        ["E_YAML_SYNTAX", "a.yaml"],
        ["E_UNREADABLE", "missing"],
      ],
    );
  });
});

places.run();

const candidates = suite("loadDesired with a candidate");

function tryOut(desired: string, candidate: Candidate, allowInsecureFiles = true) {
  return loadDesired(createHost(), [desired], { allowInsecureFiles, candidate });
}

candidates("reads it in the place of the document, which gives it its name, its turn and its relative paths", () => {
  const files = { "a.yaml": "broken: [", "b.yaml": one("b") };
  inDirectory(files, (directory) =>
    inDirectory({ "new.yaml": modules("name: a\nversion: 1\nsource: ../src/a") }, (elsewhere) => {
      const place = path.join(directory, "a.yaml");
      const { desired, diagnostics } = tryOut(directory, { file: path.join(elsewhere, "new.yaml"), place });
      assert.equal(diagnostics, []);
      assert.equal(
        desired?.files.map(({ path: file }) => path.basename(file)),
        ["a.yaml", "b.yaml"],
      );
      assert.is(desired?.modules[0]?.source, path.join(path.dirname(directory), "src/a"));
      assert.is(desired?.modules[0]?.position.file, place);
      fs.copyFileSync(path.join(elsewhere, "new.yaml"), place);
      assert.equal(load(directory).desired, desired, "it is what will be read when it is there");
    }),
  );
});

candidates("may be a new one, also where there is no directory yet", () => {
  inDirectory({ "b.yaml": one("b") }, (directory) =>
    inDirectory({ "new.yaml": one("a") }, (elsewhere) => {
      const file = path.join(elsewhere, "new.yaml");
      const names = (place: string) =>
        tryOut(path.dirname(place), { file, place }).desired?.files.map(({ path: name }) => path.basename(name));
      assert.equal(names(path.join(directory, "c.yaml")), ["b.yaml", "c.yaml"]);
      assert.equal(names(path.join(directory, "a.yaml")), ["a.yaml", "b.yaml"]);
      assert.equal(names(path.join(directory, "none/a.yaml")), ["a.yaml"]);
    }),
  );
});

candidates("its problems are told at the place, with its own lines", () => {
  inDirectory({ "a.yaml": one("a"), "b.yaml": one("b") }, (directory) =>
    inDirectory({ "new.yaml": one("b") }, (elsewhere) => {
      const place = path.join(directory, "c.yaml");
      const { diagnostics } = tryOut(directory, { file: path.join(elsewhere, "new.yaml"), place });
      const [first] = diagnostics;
      assert.equal([first?.code, first?.file, first?.snippet?.text], ["E_DUPLICATE_MODULE", place, "  - name: b"]);
      const missing = tryOut(directory, { file: path.join(elsewhere, "none.yaml"), place }).diagnostics[0];
      assert.equal([missing?.code, missing?.file], ["E_UNREADABLE", place]);
    }),
  );
});

candidates("is not to be written to by others, nor its place; what it replaces may have been", () => {
  inDirectory({ "a.yaml": one("a") }, (directory) =>
    inDirectory({ "new.yaml": one("a") }, (elsewhere) => {
      const place = path.join(directory, "a.yaml");
      const file = path.join(elsewhere, "new.yaml");
      const insecure = () =>
        loadDesired(createHost({ machine: { uid: 0 } }), [directory], {
          allowInsecureFiles: false,
          candidate: { file, place },
        }).diagnostics.flatMap((one) =>
          one.code === "E_INSECURE_FILE" && one.message.includes("everybody") ? one.file : [],
        );
      fs.chmodSync(place, 0o666);
      assert.equal(insecure(), []);
      fs.chmodSync(directory, 0o777);
      assert.equal(insecure(), [directory]);
      fs.chmodSync(file, 0o666);
      assert.equal(insecure(), [directory, file].sort());
    }),
  );
});

candidates.run();
