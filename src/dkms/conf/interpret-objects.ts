import type { ObjectSpec } from "./dkms-conf.ts";
import { type DirectiveName, type RawConf, scalarOf } from "./raw-conf.ts";

export interface ConfProblem {
  /** With its index where it has one: `DEST_MODULE_LOCATION[1]`. */
  readonly directive: string;
  /** Reads on after the directive: "is missing". */
  readonly problem: string;
}

/**
 * The kernel objects of a dkms.conf, with their defaults. Adds a problem for each rule that is broken; `strict` also
 * refuses two objects of one path or name.
 */
export function readObjects(raw: RawConf, strict: boolean, problems: ConfProblem[]): ObjectSpec[] {
  const count = countObjects(raw);
  if (count > most) {
    problems.push({ directive: `BUILT_MODULE_NAME[${count - 1}]`, problem: `would make ${count} kernel objects` });
    return [];
  }
  const objects = Array.from({ length: count }, (_, index) => readObject(raw, index, count));
  for (const [index, object] of objects.entries()) problems.push(...problemsOf(object, index));
  if (strict) problems.push(...duplicatesOf(objects));
  return objects;
}

/** Ten times the largest package known. */
const most = 6000;

const objectDirectives: readonly DirectiveName[] = [
  "BUILT_MODULE_NAME",
  "BUILT_MODULE_LOCATION",
  "DEST_MODULE_NAME",
  "DEST_MODULE_LOCATION",
];

/** The highest index plus one: an entry counts even if it is empty. */
function countObjects(raw: RawConf): number {
  const indexes = objectDirectives.flatMap((name) => Array.from(raw.get(name)?.keys() ?? []));
  return indexes.reduce((count, index) => Math.max(count, index + 1), 0);
}

function readObject(raw: RawConf, index: number, count: number): ObjectSpec {
  const at = (name: DirectiveName) => raw.get(name)?.get(index) ?? "";
  const builtName = at("BUILT_MODULE_NAME") || (count === 1 ? scalarOf(raw, "PACKAGE_NAME") : "");
  return {
    builtName,
    builtLocation: at("BUILT_MODULE_LOCATION").replace(/(?<=[^/])$/, "/"),
    destName: at("DEST_MODULE_NAME") || builtName,
    destLocation: at("DEST_MODULE_LOCATION"),
    strip: !/^n/i.test(at("STRIP") || scalarOf(raw, "STRIP")),
  };
}

function problemsOf(object: ObjectSpec, index: number): ConfProblem[] {
  const { builtName, builtLocation, destName, destLocation } = object;
  const found: [DirectiveName, string | undefined][] = [
    ["BUILT_MODULE_NAME", builtName === "" ? "is missing" : nameProblem(builtName)],
    ["BUILT_MODULE_LOCATION", climbsOut(builtLocation + builtName) ? "leads out of the build directory" : undefined],
    [
      "DEST_MODULE_NAME",
      destName === builtName ? plainProblem(destName) : (nameProblem(destName) ?? plainProblem(destName)),
    ],
    ["DEST_MODULE_LOCATION", locationProblem(destLocation)],
  ];
  return found.flatMap(([name, problem]) => (problem ? [{ directive: `${name}[${index}]`, problem }] : []));
}

function nameProblem(name: string): string | undefined {
  return /\.k?o$/.test(name) ? `is "${name}", but names go without .o or .ko` : undefined;
}

/** The object becomes a file of this name in the kernel's tree; dell/dkms would write it anywhere. */
function plainProblem(name: string): string | undefined {
  return name.includes("/") ? `is "${name}", which is not a plain file name` : undefined;
}

function locationProblem(location: string): string | undefined {
  if (location === "") return "is missing";
  if (!/^\/(kernel|updates|extra)/.test(location))
    return `is "${location}", which does not begin with /kernel, /updates or /extra`;
  return location.split("/").includes("..") ? `is "${location}", which leads out of its directory` : undefined;
}

function climbsOut(path: string): boolean {
  let depth = 0;
  for (const part of path.split("/")) {
    if (part === "..") depth -= 1;
    else if (part !== "" && part !== ".") depth += 1;
    if (depth < 0) return true;
  }
  return false;
}

function duplicatesOf(objects: readonly ObjectSpec[]): ConfProblem[] {
  const built = objects.map(({ builtLocation, builtName }) => builtName && builtLocation + builtName);
  const dest = objects.map(({ destName }) => destName);
  return [...repeated("BUILT_MODULE_NAME", built), ...repeated("DEST_MODULE_NAME", dest)];
}

function repeated(name: DirectiveName, values: readonly string[]): ConfProblem[] {
  const first = new Map<string, number>();
  return values.flatMap((value, index) => {
    const before = first.get(value);
    if (before === undefined) first.set(value, index);
    return before === undefined || value === ""
      ? []
      : [{ directive: `${name}[${index}]`, problem: `is "${value}", as that of object ${before}` }];
  });
}
