import fs from "node:fs";
import path from "node:path";
import { type Machine, machine } from "./machine.ts";
import type { CorpusPackage, LinuxImage } from "./parts.ts";
import { written } from "./written.ts";

/** One of the two commands that are compared: the words before a verb. */
export type Contestant = readonly [string, ...string[]];

export interface Course {
  readonly image: LinuxImage;
  /** `mok.key` and `mok.pub`, given to each machine where DKMS looks for them. */
  readonly keys: string;
}

/** What one command made of one package. */
export interface Finish {
  /** `add 0, build 0, install 0`, up to the first that failed. */
  readonly exitCodes: string;
  readonly status: string;
  /** Everything that was written to the four places, one line each (written.ts). */
  readonly files: readonly string[];
  readonly seconds: number;
  /** What the verb that failed said, and its log. */
  readonly complaint: string;
}

/** Adds, builds and installs a package on a machine of its own that has this kernel with all its modules. */
export function runCourse(contestant: Contestant, one: CorpusPackage, { image, keys }: Course): Finish {
  const modules = [path.dirname(image.modules), "/lib/modules"];
  const own = machine({ layers: { "/usr/src": ["/usr/src"], "/lib/modules": modules } });
  try {
    fs.cpSync(one.directory, own.at("/usr/src", path.basename(one.directory)), { recursive: true });
    fs.cpSync(keys, own.at("/var/lib/dkms"), { recursive: true });
    const started = performance.now();
    const done = runVerbs(own, contestant, [`${one.name}/${one.version}`, "-k", image.release]);
    const seconds = (performance.now() - started) / 1000;
    return {
      ...done,
      status: own.run([...contestant, "status"]).stdout,
      files: written(own),
      seconds,
    };
  } finally {
    own.remove();
  }
}

function runVerbs(own: Machine, contestant: Contestant, args: readonly string[]) {
  const codes: string[] = [];
  for (const verb of ["add", "build", "install"]) {
    const { exitCode, stdout, stderr } = own.run([...contestant, verb, ...args]);
    codes.push(`${verb} ${exitCode}`);
    if (exitCode !== 0) return { exitCodes: codes.join(", "), complaint: `${stdout}${stderr}` };
  }
  return { exitCodes: codes.join(", "), complaint: "" };
}
