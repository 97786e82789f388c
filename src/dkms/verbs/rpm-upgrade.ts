import path from "node:path";
import type { Host } from "../../host/host.ts";
import { type ModuleId, moduleKey } from "../id.ts";

/**
 * `--rpm_safe_upgrade`: an rpm that is upgraded to a new build of the same module version adds the module first and
 * removes it afterwards, as its old self. Adding notes the version for the rpm process, the grandparent of this one; a
 * remove of the same version under the same process is then called off, once for each note (tried with dell/dkms 3.2.2).
 */

/** Notes that the running rpm adds a module, whether it was known already or not. */
export function noteRpmAdd(host: Host, module: ModuleId): void {
  const file = noteFile(host);
  if (file === undefined) return;
  host.files.makeDirectory(path.dirname(file));
  host.files.append(file, `${moduleKey(module)}\n`);
}

/** Whether the running rpm has added the very module that it now removes; the note is used up. */
export function takeRpmNote(host: Host, module: ModuleId): boolean {
  const file = noteFile(host);
  const notes = file === undefined ? [] : (host.files.readText(file) ?? "").split("\n").filter(Boolean);
  const at = notes.indexOf(moduleKey(module));
  if (file === undefined || at < 0) return false;
  const rest = notes.filter((_, index) => index !== at);
  if (rest.length === 0) host.files.remove(file);
  else host.files.writeAtomic(file, `${rest.join("\n")}\n`);
  return true;
}

/** `<state>/rpm-upgrade/<process>-<when it was started>`: process ids come again. */
function noteFile({ files, paths }: Host): string | undefined {
  const parent = processOf(files, "self")?.parent;
  const grandparent = parent === undefined ? undefined : processOf(files, parent)?.parent;
  const rpm = grandparent === undefined ? undefined : processOf(files, grandparent);
  return rpm && path.join(paths.state, "rpm-upgrade", `${grandparent}-${rpm.started}`);
}

interface Process {
  readonly parent: string;
  readonly started: string;
}

/** From proc_pid_stat(5): the fields after the name, which may hold anything, are counted from the third. */
function processOf(files: Host["files"], id: string): Process | undefined {
  const fields =
    files
      .readText(`/proc/${id}/stat`)
      ?.replace(/^.*\)\s/s, "")
      .trim()
      .split(" ") ?? [];
  const [, parent, ...others] = fields;
  const started = others[17];
  return parent === undefined || started === undefined ? undefined : { parent, started };
}
