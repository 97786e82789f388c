import { suite } from "uvu";
import * as assert from "uvu/assert";
import { interpretConf } from "../../../src/dkms/conf/interpret-conf.ts";
import { evaluateStatically } from "../../../src/dkms/conf/static-evaluator.ts";
import { kernelOf } from "./conf-builder.ts";

const interpret = suite("interpretConf");

const named = "PACKAGE_NAME=demo PACKAGE_VERSION=1.0";
const one = `${named} DEST_MODULE_LOCATION[0]=/extra`;

function read(text: string, { strict = true } = {}) {
  const raw = evaluateStatically(text, new Map());
  if (!raw) throw new Error(`not plain: ${text}`);
  const module = { name: "demo", version: "1.0" };
  return interpretConf(raw, { module, kernel: kernelOf(), matches: (pattern, text) => text.includes(pattern), strict });
}

function confOf(text: string) {
  const conf = read(text);
  if (!conf.ok) throw new Error(JSON.stringify(conf.error));
  return conf.value;
}

function problemsOf(text: string, options = {}): string[] {
  const conf = read(text, options);
  return conf.ok ? [] : conf.error.map(({ directive, problem }) => `${directive} ${problem}`);
}

interpret("fills in what a file of one object leaves out", () => {
  const [object] = confOf(one).objects;
  const expected = { builtName: "demo", builtLocation: "", destName: "demo", destLocation: "/extra", strip: true };
  assert.equal(object, expected);
  assert.equal(confOf(`${one} BUILT_MODULE_NAME= DEST_MODULE_NAME=`).objects[0], expected);
});

interpret("gives locations their slash, and names their defaults", () => {
  const conf = confOf(
    `${named} BUILT_MODULE_NAME=(a b) BUILT_MODULE_LOCATION=(src x/) DEST_MODULE_NAME[1]=c DEST_MODULE_LOCATION=(/extra /kernel/net)`,
  );
  assert.equal(conf.objects, [
    { builtName: "a", builtLocation: "src/", destName: "a", destLocation: "/extra", strip: true },
    { builtName: "b", builtLocation: "x/", destName: "c", destLocation: "/kernel/net", strip: true },
  ]);
});

/** STRIP as written, and what dell/dkms 3.2.2 did to two objects. */
for (const [strip, expected] of [
  ["", [true, true]],
  ["STRIP=no", [false, false]],
  ["STRIP=Nope", [false, false]],
  ["STRIP=x", [true, true]],
  ["STRIP[1]=no", [true, false]],
  ["STRIP=no STRIP[1]=Yes", [false, true]],
  ["STRIP=no STRIP[1]=x", [false, true]],
  ["STRIP=no STRIP[1]=", [false, false]],
] as const) {
  interpret(`strips as dell/dkms with ${strip || "no STRIP"}`, () => {
    const conf = confOf(`${named} BUILT_MODULE_NAME=(a b) DEST_MODULE_LOCATION=(/extra /extra) ${strip}`);
    assert.equal(
      conf.objects.map((object) => object.strip),
      expected,
    );
  });
}

/** MAKE as written, and the command that dell/dkms 3.2.2 chose for 6.1.0-56-amd64. */
for (const [make, expected] of [
  ["", undefined],
  ["MAKE=", undefined],
  ["MAKE=a", "a"],
  ["MAKE=a MAKE_MATCH=6.1", "a"],
  ["MAKE=a MAKE_MATCH=5.1", undefined],
  ["MAKE=a MAKE_MATCH[1]=6.1", "a"],
  ["MAKE=a MAKE[1]=b MAKE_MATCH[1]=6.1", "b"],
  ["MAKE=a MAKE[1]=b MAKE_MATCH[1]=5.1", "a"],
  ["MAKE=a MAKE[1]=b", "a"],
  ["MAKE=a MAKE[1]= MAKE_MATCH[1]=6.1", "a"],
  ["MAKE=a MAKE[1]=b MAKE_MATCH[1]=6.1 MAKE[2]=c MAKE_MATCH[2]=amd64", "c"],
  ["MAKE=a MAKE[2]=c MAKE_MATCH[2]=6.1", "a"],
  ["MAKE[1]=b MAKE_MATCH[1]=6.1", undefined],
] as const) {
  interpret(`chooses the make command as dell/dkms with ${make || "no MAKE"}`, () => {
    assert.is(confOf(`${one} ${make}`).make, expected);
  });
}

interpret("keeps the patches whose pattern matches, in order", () => {
  const conf = confOf(`${one} PATCH=(a b c d) PATCH_MATCH[1]=5.10 PATCH_MATCH[2]=6.1`);
  assert.equal(conf.patches, ["a", "c", "d"]);
});

interpret("tells of entries behind a gap, which dell/dkms overlooks", () => {
  const conf = confOf(`${one} PATCH[0]=a PATCH[3]=b`);
  assert.equal(conf.patches, ["a"]);
  assert.match(conf.notices.join(), /PATCH has gaps/);
});

interpret("reads scripts, dependencies and exclusions", () => {
  const conf = confOf(
    `${one} PRE_BUILD='configure --x' POST_REMOVE= BUILD_DEPENDS=(a '' 'b c') OBSOLETE_BY=7 BUILD_EXCLUSIVE_KERNEL=6.1 BUILD_EXCLUSIVE_ARCH=arm`,
  );
  assert.equal(conf.scripts, { preBuild: "configure --x" });
  assert.equal(conf.buildDepends, ["a", "b", "c"]);
  assert.is(conf.obsoleteBy, "7");
  assert.equal(conf.exclusive.kernel, { pattern: "6.1", matches: true });
  assert.equal(conf.exclusive.arch, { pattern: "arm", matches: false });
  assert.is(conf.exclusive.kernelMin, undefined);
});

interpret("reads yes and no in any case", () => {
  const conf = confOf(`${one} AUTOINSTALL=YES BUILD_DEPENDS_REBUILD=No NO_WEAK_MODULES=`);
  assert.equal([conf.autoinstall, conf.buildDependsRebuild, conf.noWeakModules], [true, false, false]);
});

interpret("tells of deprecated directives, once each, and of other names", () => {
  assert.equal(confOf(`${one} CLEAN='make clean'`).notices, []);
  assert.match(confOf(`${one} REMAKE_INITRD=no MODULES_CONF=(a b)`).notices.join(), /REMAKE_INITRD.*MODULES_CONF is/);
  assert.match(confOf(one.replace("1.0", "2")).notices.join(), /demo\/2, but is used as demo\/1\.0/);
  assert.match(confOf(named).notices.join(), /no kernel object/);
});

for (const [text, expected] of [
  ["", ["PACKAGE_NAME is missing", "PACKAGE_VERSION is missing"]],
  [
    `${named} BUILT_MODULE_NAME=x.ko DEST_MODULE_LOCATION=/extra`,
    ['BUILT_MODULE_NAME[0] is "x.ko", but names go without .o or .ko'],
  ],
  [`${one} DEST_MODULE_NAME=x.o`, ['DEST_MODULE_NAME[0] is "x.o", but names go without .o or .ko']],
  [`${named} BUILT_MODULE_NAME=a`, ["DEST_MODULE_LOCATION[0] is missing"]],
  [
    `${named} DEST_MODULE_LOCATION=/lib`,
    ['DEST_MODULE_LOCATION[0] is "/lib", which does not begin with /kernel, /updates or /extra'],
  ],
  [`${one} DEST_MODULE_LOCATION[2]=/extra BUILT_MODULE_NAME=(a b c)`, ["DEST_MODULE_LOCATION[1] is missing"]],
  [
    `${one} BUILT_MODULE_LOCATION[1]=`,
    ["BUILT_MODULE_NAME[0] is missing", "BUILT_MODULE_NAME[1] is missing", "DEST_MODULE_LOCATION[1] is missing"],
  ],
  [
    `${one} AUTOINSTALL=maybe NO_WEAK_MODULES=y`,
    ['AUTOINSTALL is "maybe", neither yes nor no', 'NO_WEAK_MODULES is "y", neither yes nor no'],
  ],
  [
    `${named} DEST_MODULE_LOCATION=/kernel/../..`,
    ['DEST_MODULE_LOCATION[0] is "/kernel/../..", which leads out of its directory'],
  ],
  [`${one} DEST_MODULE_NAME=../x`, ['DEST_MODULE_NAME[0] is "../x", which is not a plain file name']],
  [`${one} BUILT_MODULE_LOCATION=src/../..`, ["BUILT_MODULE_LOCATION[0] leads out of the build directory"]],
  [`${one} BUILT_MODULE_NAME[500000]=x`, ["BUILT_MODULE_NAME[500000] would make 500001 kernel objects"]],
] as const) {
  interpret(`refuses ${JSON.stringify(text)}`, () => {
    assert.equal(problemsOf(text), expected);
  });
}

interpret("refuses two objects of one path or one name, unless something is taken away", () => {
  const same = `${named} BUILT_MODULE_NAME=(a a) DEST_MODULE_LOCATION=(/extra /extra)`;
  assert.equal(problemsOf(same), [
    'BUILT_MODULE_NAME[1] is "a", as that of object 0',
    'DEST_MODULE_NAME[1] is "a", as that of object 0',
  ]);
  assert.equal(problemsOf(same, { strict: false }), []);
});

interpret.run();
