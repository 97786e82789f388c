import { createHash } from "node:crypto";
import fs from "node:fs";
import type { Machine, Place } from "./machine.ts";
import { treeListing } from "./tree-listing.ts";

const places: readonly Place[] = ["/var/lib/dkms", "/lib/modules", "/usr/src", "/etc/dkms"];

/**
 * Everything that was written to a machine, one line each (tree-listing.ts), for a comparison of the two commands. What
 * is left out are the differences that are meant:
 *
 * - what the agent keeps for itself, under hidden names that dell/dkms does not look at;
 * - the text of make.log, which tells times and is worded by each command;
 * - `<name>/<version>/build`: dell/dkms makes it empty with `add` and keeps it after a failed build; the agent has it
 *   only while it builds, since what is left there is neither built nor removable (fault 3).
 *
 * depmod writes its files in the order in which the file system lists directories. So their lines count, in any order,
 * and the binary forms, which depmod makes from the same lines, do not.
 */
export function written(machine: Pick<Machine, "at">): string[] {
  return places.flatMap((place) =>
    treeListing(machine.at(place), (name) => (leftOut[place] ?? /^$/).test(name))
      .map((line) => `${place}: ${line}`)
      .concat(place === "/lib/modules" ? depmodLines(machine.at(place)) : []),
  );
}

const leftOut: Readonly<Partial<Record<Place, RegExp>>> = {
  "/var/lib/dkms": /(^|\/)\.dkms-agent|(^|\/)make\.log$|^[^/]+\/[^/]+\/build$/,
  "/lib/modules": /^[^/]+\/modules\.\w+(\.\w+)*$/,
};

function depmodLines(installTree: string): string[] {
  const files = fs.readdirSync(installTree).flatMap((release) =>
    fs
      .readdirSync(`${installTree}/${release}`)
      .filter((name) => name.startsWith("modules.") && !name.endsWith(".bin"))
      .map((name) => `${release}/${name}`),
  );
  return files.sort().flatMap((file) => {
    const lines = fs.readFileSync(`${installTree}/${file}`, "utf8").split("\n").sort();
    if (lines.length < 100) return lines.map((line) => `${file}: ${line}`);
    return [`${file}: ${createHash("sha256").update(lines.join("\n")).digest("hex")}`];
  });
}

/**
 * Makes up for a fault of dell/dkms 3.2.2 that we do not copy: kernel_preinst and kernel_prerm call depmod without the
 * kernel's name, which does nothing, so that modules.dep goes on naming the objects that were removed. To be called
 * after each verb, on every machine alike.
 */
export function settle(machine: Machine, [verb = "", , release = ""]: readonly string[]): void {
  if (/^kernel_pre/.test(verb)) machine.run(["depmod", "-a", release]);
}

/** The lines that only one of the two has, as a diff has them. */
export function lineDifferences(expected: readonly string[], actual: readonly string[]): string[] {
  const [wanted, got] = [new Set(expected), new Set(actual)];
  const missing = expected.filter((line) => !got.has(line)).map((line) => `- ${line}`);
  return [...missing, ...actual.filter((line) => !wanted.has(line)).map((line) => `+ ${line}`)];
}
