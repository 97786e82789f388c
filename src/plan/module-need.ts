import type { ActualState, ModuleState, SourceState } from "../actual-state/actual-state.ts";
import type { DesiredModule, DesiredTarball } from "../desired-state/desired-state.ts";
import { type ModuleId, type ModuleKey, moduleKey } from "../dkms/id.ts";
import { blockCode } from "./block-code.ts";
import { isOutdated, isSuperseded, sourceDiffers } from "./module-source.ts";
import { sourceProblem } from "./obstacles.ts";
import type { Blocked, Level } from "./plan.ts";
import type { Wanted } from "./resolve-wanted.ts";
import { leftoversReason, type Reason } from "./step.ts";
import { refusal, tarballOf } from "./supply.ts";
import { type Acting, type Blocking, blocked } from "./verdict.ts";

/** What a wanted module needs as a whole, before anything happens to its instances. */
export interface ModuleNeed {
  readonly entry: DesiredModule;
  readonly id: ModuleId;
  readonly kind: "add" | "repair";
  /** The archive that an `add` takes the source from, or at least the dkms.conf. */
  readonly tarball: DesiredTarball | undefined;
  readonly reason: Reason;
  readonly before: Level;
}

/** What the module itself needs, given what its instances do; `undefined`: nothing. Pure. */
export function moduleNeed(
  { entry, id }: Wanted,
  actual: ActualState,
  verdicts: readonly Acting[],
): ModuleNeed | Blocked | undefined {
  if (!id || entry.state === "absent") return undefined;
  const key = moduleKey(id);
  const module = actual.modules.find((one) => moduleKey(one.id) === key);
  const source = actual.sources.get(key);
  const tarball = bringer({ entry, module, source, actual }, verdicts);
  const isAdded = entry.state === "added";
  if (tarball && "kind" in tarball) return blockedModule(entry, key, tarball);
  if (!tarball && (!source || source.problem)) {
    const problem = sourceProblem(source) ?? blocked("no-source", "its source was not looked at", "run it again");
    return isAdded ? blockedModule(entry, key, problem) : undefined;
  }
  const concerned = isAdded || verdicts.some(({ build, load }) => build ?? load);
  const need = { entry, id, tarball, before: module ? ("added" as const) : ("absent" as const) };
  const why = tarball || concerned ? addReason({ entry, module, source, actual }, tarball) : undefined;
  if (why) return { ...need, kind: "add", reason: why };
  return module && repairNeed(module, need);
}

function blockedModule(entry: DesiredModule, address: ModuleKey, blocking: Blocking): Blocked {
  const { reason, text, remedy } = blocking;
  return { address, reason, code: blockCode(blocking), text, remedy, source: entry.position };
}

interface ModuleCase {
  readonly entry: DesiredModule;
  readonly module: ModuleState | undefined;
  readonly source: SourceState | undefined;
  readonly actual: ActualState;
}

/** The archive that has to bring the module's source or dkms.conf, or why none may; `undefined`: it is there. */
function bringer(
  { entry, module, source, actual }: ModuleCase,
  verdicts: readonly Acting[],
): DesiredTarball | Blocking | undefined {
  const [from] = verdicts.flatMap(({ sourceFrom }) => sourceFrom ?? []);
  if (from) return from;
  const isMissing = source?.inTree === undefined && source?.given === undefined;
  const loads = verdicts.flatMap((verdict) => verdict.load ?? []);
  const load = loads.find(({ hasSource }) => hasSource) ?? loads[0];
  if (load && (isMissing || isSuperseded(source, entry, load))) return load.tarball;
  const isWanted = entry.state === "added" || (module !== undefined && module.link !== "linked");
  const archives = actual.tarballs.get(source ? moduleKey(source.id) : moduleKey(entry));
  if (!isMissing || !isWanted || !archives) return undefined;
  const readable = archives.filter(({ found }) => found.ok);
  const best = readable.find(({ found }) => found.ok && found.value.hasSource) ?? readable[0];
  return refusal(archives) ?? (best && tarballOf(best));
}

function addReason({ module, source, entry }: ModuleCase, tarball: DesiredTarball | undefined): Reason | undefined {
  if (!module) return { code: "not-added", text: "it is not in the DKMS tree" };
  if (!tarball) {
    const text = "the source that the document names is not the one in the source tree";
    return sourceDiffers(source) ? { code: "source-changed", text } : undefined;
  }
  if (module.link !== "linked") return { code: "broken", text: `its source link is ${module.link}` };
  const what = isOutdated(source, entry) ? "its dkms.conf came from another archive" : "its source is not here";
  return { code: "tarball-changed", text: `${what}, and ${tarball.path} holds it` };
}

function repairNeed(module: ModuleState, need: Omit<ModuleNeed, "kind" | "reason">): ModuleNeed | undefined {
  if (module.link !== "linked") {
    const text = `its source link is ${module.link}`;
    return { ...need, kind: "repair", reason: { code: "broken", text } };
  }
  const [leftover] = module.leftovers;
  return leftover === undefined ? undefined : { ...need, kind: "repair", reason: leftoversReason(leftover) };
}
