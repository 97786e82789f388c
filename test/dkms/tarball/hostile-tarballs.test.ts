import fs from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { FailureCode } from "../../../src/dkms/failure.ts";
import { readTarball } from "../../../src/dkms/tarball/read-tarball.ts";
import { loadTarball } from "../../../src/dkms/verbs/load-tarball.ts";
import { type ArchiveLimits, defaultArchiveLimits } from "../../../src/host/archive/archive-limits.ts";
import { memoryDirectory } from "../../rig/memory-directory.ts";
import { differences, snapshot } from "../../rig/snapshot.ts";
import { type ArchivedFile, gnuLongName, paxHeader, tarArchive, tarHeader } from "../../rig/tar-archive.ts";
import { binariesOnlyFiles, demoConf, objectFiles, sourceFiles } from "../../rig/tarballs.ts";
import { dkmsTree, type TreeBuilder } from "../../rig/tree-builder.ts";

interface Hostile {
  readonly what: string;
  readonly archive: Buffer;
  readonly message: RegExp;
  /** Default: E_TARBALL. */
  readonly code?: FailureCode;
  readonly limits?: ArchiveLimits;
}

const good = [...sourceFiles(), ...objectFiles()];

/** What makes an archive refused, in the middle of a good one. */
function with_(...files: readonly ArchivedFile[]): Buffer {
  return tarArchive([...sourceFiles(), ...files, ...objectFiles()]);
}

function named(name: string, version = "1.0"): Buffer {
  return tarArchive([{ name: "dkms_source_tree/dkms.conf", content: demoConf({ name, version }) }]);
}

function objectsOf(release: string, arch = "x86_64"): Buffer {
  return tarArchive([...sourceFiles(), ...objectFiles({ releases: [release], arch })]);
}

const top = "dkms_source_tree";
const packed = gzipSync(tarArchive(good));

const names: readonly (readonly [string, string | Buffer, RegExp])[] = [
  ["a name that climbs out", "../outside/evil", /climbs out/],
  ["a name that climbs out in the middle", `${top}/a/../../../outside/evil`, /climbs out/],
  ["a name that climbs out at its end", `${top}/..`, /climbs out/],
  ["an absolute name", "/tmp/evil", /absolute/],
  ["a name with a newline", `${top}/a\nb`, /control character/],
  ["a name with an escape sequence", `${top}/\u001b[2J`, /control character/],
  ["a name with an escape sequence of one character", `${top}/\u009b2J`, /control character/],
  ["a name that is written backwards", `${top}/\u202egpj.c`, /control character/],
  ["a name that is not UTF-8", Buffer.from([0x61, 0xff, 0xfe]), /not UTF-8/],
  ["a name that is an overlong slash", Buffer.from([0x61, 0xc0, 0xaf, 0x62]), /not UTF-8/],
  ["an empty name", "", /is empty/],
  ["a name of 300 bytes", "n".repeat(300), /more than 255 bytes/],
  ["a name too long for a path", `${"n".repeat(200)}/`.repeat(20), /more than 2048 bytes/],
  ["a name a thousand directories deep", `${"d/".repeat(1000)}f`, /directories deep/],
];

const entries: readonly (readonly [string, readonly ArchivedFile[], RegExp])[] = [
  ...names.map(([what, name, message]) => {
    const short = Buffer.byteLength(name) <= 100 ? [{ name, content: "x" }] : [gnuLongName(name), { name: "x" }];
    return [what, short, message] as const;
  }),
  ["a PAX name that climbs out", [paxHeader({ path: "../evil" }), { name: "fine" }], /climbs out/],
  [
    "a PAX link that is absolute",
    [paxHeader({ linkpath: "/etc" }), { name: `${top}/l`, type: "2", linkName: "x" }],
    /absolute/,
  ],
  [
    "a PAX size beyond the end",
    [paxHeader({ size: "100000" }), { name: `${top}/f`, content: "x" }],
    /ends in the middle|checksum|damaged/,
  ],
  ["a PAX name with a NUL", [paxHeader({ path: "fine\0/../evil" }), { name: "fine" }], /contains a NUL/],
  ["a GNU name with a NUL", [gnuLongName("fine\0evil"), { name: "fine" }], /contains a NUL/],
  ["a PAX size that is none", [paxHeader({ size: "-1" }), { name: "fine" }], /size that is none/],
  ["PAX records that are none", [{ name: "pax", type: "x", content: "99 path=evil\n" }, { name: "fine" }], /records/],
  ["a global PAX name", [paxHeader({ path: "evil" }, "g"), { name: "fine" }], /global header/],
  ["a sparse file", [{ name: `${top}/s`, type: "S" }], /sparse/],
  ["a PAX sparse file", [paxHeader({ "GNU.sparse.major": "1" }), { name: "fine" }], /sparse/],
  ["a device", [{ name: `${top}/sda`, type: "4" }], /device/],
  ["a character device", [{ name: `${top}/tty`, type: "3" }], /device/],
  ["a FIFO", [{ name: `${top}/fifo`, type: "6" }], /FIFO/],
  ["an entry of a type that nobody knows", [{ name: `${top}/z`, type: "Z" }], /type "Z"/],
  ["a directory with a content", [{ name: `${top}/d/`, type: "5", content: "x" }], /with a content/],
  ["a link that is absolute", [{ name: `${top}/l`, type: "2", linkName: "/etc" }], /absolute/],
  ["a link that leads out", [{ name: `${top}/l`, type: "2", linkName: "../../etc" }], /leads out/],
  [
    "a link out of the source, into the builds",
    [{ name: `${top}/l`, type: "2", linkName: "../dkms_main_tree" }],
    /leads out/,
  ],
  ["a link that climbs after it descended", [{ name: `${top}/a/l`, type: "2", linkName: "b/../../../x" }], /leads out/],
  ["a link to nothing", [{ name: `${top}/l`, type: "2" }], /leads nowhere/],
  [
    "a file through a link",
    [{ name: `${top}/l`, type: "2", linkName: "sub" }, { name: `${top}/l/evil` }],
    /is no directory/,
  ],
  [
    "a link where a directory is",
    [{ name: `${top}/a/f` }, { name: `${top}/a`, type: "2", linkName: "." }],
    /same name twice/,
  ],
  ["a hard link to a file of the machine", [{ name: `${top}/h`, type: "1", linkName: "/etc/shadow" }], /absolute/],
  ["a hard link out", [{ name: `${top}/h`, type: "1", linkName: "../../etc/shadow" }], /climbs out/],
  [
    "a hard link to a link",
    [
      { name: `${top}/l`, type: "2", linkName: "x" },
      { name: `${top}/h`, type: "1", linkName: `${top}/l` },
    ],
    /no file/,
  ],
  [
    "a hard link to a hard link",
    [
      { name: `${top}/f`, content: "x" },
      { name: `${top}/g`, type: "1", linkName: `${top}/f` },
      { name: `${top}/h`, type: "1", linkName: `${top}/g` },
    ],
    /no file/,
  ],
  ["the same name twice", [{ name: `${top}/f` }, { name: `./${top}//f` }], /same name twice/],
  ["dkms.conf twice", [{ name: `${top}/dkms.conf`, content: demoConf({ name: "evil" }) }], /same name twice/],
  ["a petabyte", [{ name: `${top}/big`, size: 2 ** 50 }], /more than 1073741824/],
  ["a PAX petabyte", [paxHeader({ size: String(2 ** 50) }), { name: `${top}/big` }], /more than 1073741824/],
  ["a description of a gigabyte", [{ name: "pax", type: "x", size: 2 ** 30 }], /describes a file/],
  ["a header whose checksum is wrong", [{ name: `${top}/f`, checksum: 1 }], /checksum/],
  [
    "a kernel object that is a link",
    [{ name: "dkms_main_tree/6.1.0-1/x86_64/module/z.ko", type: "2", linkName: "demo_a.ko" }],
    /plain file/,
  ],
];

const hostile: readonly Hostile[] = [
  ...entries.map(([what, files, message]) => ({ what, archive: with_(...files), message })),
  {
    what: "a symlinked dkms.conf",
    archive: tarArchive([{ name: `${top}/dkms.conf`, type: "2", linkName: "Makefile" }]),
    message: /no plain file/,
  },
  {
    what: "a directory in the place of dkms.conf",
    archive: tarArchive([{ name: `${top}/dkms.conf/`, type: "5" }]),
    message: /no plain file/,
  },
  {
    what: "a dkms.conf of two megabytes",
    archive: tarArchive([{ name: `${top}/dkms.conf`, content: "#".repeat(2 << 20) }]),
    message: /too large/,
  },
  {
    what: "two modules at one depth",
    archive: tarArchive(["a", "b"].map((name) => ({ name: `${name}/dkms.conf` }))),
    message: /two modules/,
  },
  {
    what: "builds without any dkms.conf of theirs",
    archive: tarArchive([{ name: "x/dkms.conf" }, ...objectFiles()]),
    message: /dkms_main_tree/,
  },
  { what: "no dkms.conf", archive: tarArchive([{ name: "README" }]), message: /no dkms.conf/ },
  ...["a/b", "..", "a b", "-rf", ".hidden", "a\tb"].map((name) => ({
    what: `a module called ${JSON.stringify(name)}`,
    archive: named(`'${name}'`),
    message: /names the module/,
  })),
  ...["1/0", "..", "-1", "original_module", "kernel-1"].map((version) => ({
    what: `a version called ${JSON.stringify(version)}`,
    archive: named("demo", `'${version}'`),
    message: /names the module/,
  })),
  ...["build", "source", "6", "-1.2", "original_module"].map((release) => ({
    what: `builds for a kernel called ${JSON.stringify(release)}`,
    archive: objectsOf(release),
    message: /not a kernel release|begins with/,
  })),
  { what: "builds for a kernel with spaces", archive: objectsOf("6.1 ; reboot"), message: /white space/ },
  {
    what: "builds for an architecture that is none",
    archive: objectsOf("6.1.0-1", "x-86"),
    message: /no architecture/,
  },
  {
    what: "a build without objects",
    archive: with_(
      { name: "dkms_main_tree/6.1.0-9/x86_64/module/", type: "5" },
      { name: "dkms_main_tree/6.1.0-9/x86_64/module/x.txt" },
    ),
    message: /no kernel object/,
  },
  {
    what: "an object that is none",
    archive: with_({ name: "dkms_main_tree/6.1.0-1/x86_64/module/z.ko", content: "#!/bin/sh\n" }),
    message: /not an ELF|ELF/,
    code: "E_BAD_OBJECT",
  },
  {
    what: "a build record of another module",
    archive: tarArchive([...binariesOnlyFiles(), ...objectFiles(), recordOf("other")]),
    message: /holds a build of other/,
  },
  {
    what: "a build record of other contents",
    archive: tarArchive([...binariesOnlyFiles(), ...objectFiles(), recordOf("demo")]),
    message: /not what its build record says/,
  },
  { what: "an empty archive", archive: Buffer.alloc(1024), message: /no dkms.conf/ },
  { what: "an empty file", archive: Buffer.alloc(0), message: /is empty/ },
  { what: "a text", archive: Buffer.from("no archive at all\n".repeat(100)), message: /no tar archive/ },
  { what: "an archive that ends in a file", archive: tarArchive(good).subarray(0, 700), message: /ends in the middle/ },
  { what: "an archive without an end", archive: tarArchive(good, { withEnd: false }), message: /ends before the mark/ },
  { what: "a gzip that is cut off", archive: packed.subarray(0, -20), message: /does not unpack as gz/ },
  {
    what: "a gzip with a wrong byte",
    archive: flipped(packed, packed.length >> 1),
    message: /damaged|unpack|checksum|is no/,
  },
  {
    what: "a gzip with a wrong checksum",
    archive: flipped(packed, packed.length - 6),
    message: /does not unpack as gz/,
  },
  {
    what: "a gzip with something behind it",
    archive: Buffer.concat([packed, Buffer.from("something else")]),
    message: /does not unpack as gz/,
  },
  { what: "a gzip of a gzip", archive: gzipSync(packed), message: /packed twice/ },
  {
    what: "much that is made of next to nothing",
    archive: bomb(),
    message: /more than 200 times/,
    code: "E_TARBALL_LIMIT",
  },
  {
    what: "more empty files than there may be",
    archive: manyEntries(2002),
    limits: { ...defaultArchiveLimits, entries: 2000 },
    message: /more than 2000 files/,
    code: "E_TARBALL_LIMIT",
  },
];

function recordOf(name: string): ArchivedFile {
  const kernel = { release: "6.1.0-1", arch: "x86_64" };
  const objects = [{ file: "demo_a.ko", sha256: "0".repeat(64), size: 1 }];
  const record = { format: 1, module: { name, version: "1.0" }, kernel, builtAt: "", durationMs: 0, objects };
  return { name: "dkms_main_tree/6.1.0-1/x86_64/.dkms-agent-build.json", content: JSON.stringify(record) };
}

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0xff;
  return copy;
}

function bomb(): Buffer {
  const zeros = Buffer.alloc(64 << 20);
  return gzipSync(Buffer.concat([tarHeader({ name: `${top}/zeros`, size: zeros.length }), zeros]), { level: 1 });
}

function manyEntries(count: number): Buffer {
  const headers = Array.from({ length: count }, (_, at) => tarHeader({ name: `f${at}` }));
  return gzipSync(Buffer.concat(headers), { level: 1 });
}

interface Context {
  directory: string;
  tree: TreeBuilder;
}

const refuses = suite<Context>("hostile tarballs");

refuses.before((context) => {
  context.directory = memoryDirectory("dkms-hostile-");
  fs.mkdirSync(path.join(context.directory, "outside"));
  context.tree = dkmsTree(path.join(context.directory, "root")).kernel("6.1.0-1");
  fs.mkdirSync(context.tree.at("var/lib/dkms/.dkms-agent"));
});
refuses.after(({ directory }) => fs.rmSync(directory, { recursive: true }));

/** Everything below the directory that the machine is in, but for the archive and the times of the scratch directory. */
function look({ directory }: Context): ReturnType<typeof snapshot> {
  const seen = new Map(snapshot(directory, ["archive"]));
  for (const place of ["", "/root/var/lib/dkms/.dkms-agent"]) seen.delete(`${directory}${place}`);
  return seen;
}

for (const { what, archive, message, limits = defaultArchiveLimits, code = "E_TARBALL" } of hostile) {
  refuses(`are refused for ${what}, and leave nothing behind`, async (context) => {
    const file = path.join(context.directory, "archive");
    fs.writeFileSync(file, archive);
    const before = look(context);
    const host = context.tree.host();
    const read = await readTarball(host, { file }, limits);
    const loaded = await loadTarball(
      host,
      { file },
      { limits, withoutSource: true, replace: true, replaceSource: true },
    );
    assert.equal(differences(before, look(context)), []);
    assert.equal(fs.readdirSync(context.tree.at("var/lib/dkms/.dkms-agent")), []);
    if (loaded.ok) throw new Error("it was loaded");
    const { error } = loaded;
    assert.match(error.message, message);
    assert.ok([code, "E_TARBALL_LIMIT"].includes(error.code), error.code);
    assert.ok((error.remedy ?? "").length > 10);
    assert.match(error.message, file);
    // What only the content of objects shows is seen when they are unpacked.
    if (!read.ok) assert.is(read.error.message, error.message);
  });
}

refuses("are refused as what is no file, and leave nothing behind", async (context) => {
  const { tree, directory } = context;
  fs.symlinkSync("nowhere", tree.at("dangling"));
  const before = look(context);
  for (const [file, code] of [
    [directory, "E_TARBALL"],
    ["/dev/zero", "E_TARBALL"],
    [tree.at("dangling"), "E_NO_ARCHIVE"],
    [tree.at("nosuch"), "E_NO_ARCHIVE"],
  ] as const) {
    const result = await loadTarball(tree.host(), { file });
    assert.is(result.ok ? "loaded" : result.error.code, code, file);
  }
  assert.equal(differences(before, look(context)), []);
});

refuses("lose set-id bits and what everybody may write, and keep links that stay inside", async (context) => {
  const { tree, directory } = context;
  const file = path.join(directory, "archive");
  const files = [
    { name: `${top}/setuid`, mode: 0o6777, content: "x" },
    { name: `${top}/open/`, type: "5", mode: 0o777 },
    { name: `${top}/open/f`, mode: 0o666, content: "x" },
    { name: `${top}/open/up`, type: "2", linkName: "../dkms.conf" },
    { name: `${top}/again`, type: "1", linkName: `${top}/setuid` },
  ];
  fs.writeFileSync(file, tarArchive([...sourceFiles(), ...files]));
  const loaded = await loadTarball(tree.host(), { file });
  assert.ok(loaded.ok);
  const mode = (name: string) => fs.statSync(tree.at("usr/src/demo-1.0", name)).mode & 0o7777;
  assert.equal(["setuid", "open", "open/f", "again", "."].map(mode), [0o755, 0o755, 0o644, 0o755, 0o755]);
  assert.is(fs.readFileSync(tree.at("usr/src/demo-1.0/open/up"), "utf8"), demoConf());
  if (loaded.ok) loaded.value.undo.restore();
});

refuses(
  "are none for several gzip members, odd owners and times, and names that differ in their case",
  async (context) => {
    const { tree, directory } = context;
    const file = path.join(directory, "archive");
    const odd = [
      { name: `${top}/README`, content: "1" },
      { name: `${top}/Readme`, content: "2" },
      paxHeader({ uid: "1099511627776", mtime: "-5.5" }),
      { name: `${top}/odd`, content: "3" },
    ];
    const whole = tarArchive([...sourceFiles(), ...odd]);
    fs.writeFileSync(file, Buffer.concat([gzipSync(whole.subarray(0, 700)), gzipSync(whole.subarray(700))]));
    const loaded = await loadTarball(tree.host(), { file });
    const contents = ["README", "Readme", "odd"].map((name) =>
      fs.readFileSync(tree.at("usr/src/demo-1.0", name), "utf8"),
    );
    assert.equal(contents, ["1", "2", "3"]);
    const { uid, mtimeMs } = fs.statSync(tree.at("usr/src/demo-1.0/odd"));
    assert.equal([uid, mtimeMs], [process.getuid?.(), 0]);
    if (loaded.ok) loaded.value.undo.restore();
  },
);

refuses("stop a million empty files long before the end", async (context) => {
  const file = path.join(context.directory, "archive");
  fs.writeFileSync(file, manyEntries(100_002));
  const result = await readTarball(context.tree.host(), { file });
  assert.match(result.ok ? "" : result.error.message, "more than 100000 files");
});

refuses("stop at the limits that are set", async (context) => {
  const file = path.join(context.directory, "archive");
  fs.writeFileSync(file, gzipSync(tarArchive(good)));
  const codeFor = async (limits: Partial<typeof defaultArchiveLimits>) => {
    const result = await readTarball(context.tree.host(), { file }, { ...defaultArchiveLimits, ...limits });
    return result.ok ? "fine" : result.error.code;
  };
  assert.is(await codeFor({}), "fine");
  for (const limits of [{ entries: 5 }, { bytes: 1000 }, { fileBytes: 100 }])
    assert.is(await codeFor(limits), "E_TARBALL_LIMIT", JSON.stringify(limits));
});

refuses.run();
