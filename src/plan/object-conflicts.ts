import type { ActualState } from "../actual-state/actual-state.ts";
import type { DesiredModule } from "../desired-state/desired-state.ts";
import type { Diagnostic } from "../desired-state/diagnostic.ts";
import { instanceAddress } from "../dkms/id.ts";
import { loadedName } from "../dkms/loaded-name.ts";
import { entryPlace } from "./entry.ts";
import type { Wanted } from "./resolve-wanted.ts";

/**
 * Modules of different names that are wanted as installed for one kernel and bring an object of the same name: the kernel
 * would load only one of them, and each apply would swap them. One error for each pair of modules, naming both places.
 */
export function objectConflicts(wanted: readonly Wanted[], { prospects }: ActualState): readonly Diagnostic[] {
  const owners = new Map<string, DesiredModule>();
  const conflicts = new Map<string, Diagnostic>();
  for (const { entry, id, kernels } of wanted) {
    if (!id || entry.state !== "installed") continue;
    for (const kernel of kernels) {
      const prospect = prospects.get(instanceAddress({ module: id, kernel }));
      if (!prospect?.conf.ok || prospect.exclusion !== undefined) continue;
      for (const { destName } of prospect.conf.value.objects) {
        const place = `${loadedName(destName)}@${kernel.release}`;
        const owner = owners.get(place) ?? entry;
        owners.set(place, owner);
        const pair = `${owner.name} ${entry.name}`;
        if (owner.name === entry.name || conflicts.has(pair)) continue;
        conflicts.set(pair, conflict({ entry, owner, object: destName, release: kernel.release }));
      }
    }
  }
  return [...conflicts.values()];
}

interface Conflict {
  readonly entry: DesiredModule;
  readonly owner: DesiredModule;
  readonly object: string;
  readonly release: string;
}

function conflict({ entry, owner, object, release }: Conflict): Diagnostic {
  return {
    ...entryPlace(entry),
    severity: "error",
    code: "E_CONFLICT",
    message:
      `Both ${owner.name} (${owner.position.file}:${owner.position.line}) and ${entry.name} install ${object}.ko ` +
      `for kernel ${release}, which can have one`,
    hint: "Narrow the kernels of one of them, or set its state to built",
  };
}
