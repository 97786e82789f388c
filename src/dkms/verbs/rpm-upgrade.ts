import path from "node:path";
import process from "node:process";
import type { Host } from "../../host/host.ts";
import { processStart, processStat } from "../../host/process-stat.ts";
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
function noteFile({ paths }: Host): string | undefined {
  const [, rpm] = processStat(process.ppid);
  const started = rpm === undefined ? undefined : processStart(Number(rpm));
  return started === undefined ? undefined : path.join(paths.state, "rpm-upgrade", `${rpm}-${started}`);
}
