import { createHash } from "node:crypto";
import type { DesiredModule } from "../desired-state/desired-state.ts";
import { instanceAddress, type ModuleId, moduleKey, parseInstanceAddress, parseModuleKey } from "../dkms/id.ts";
import type { Wishes } from "../dkms/last-applied.ts";
import { entryFor } from "./entry.ts";
import type { Change, Drift, Plan } from "./plan.ts";
import { passes, resolveWanted } from "./resolve-wanted.ts";
import { isOfKernel } from "./step.ts";
import type { World } from "./touched.ts";

/**
 * What the documents ask for, place by place. An instance stands under its address; a module that is wanted for some
 * kernels under `module NAME/VERSION`; and under `all NAME/VERSION`, or `all NAME/*`, what is said of every kernel. Pure.
 */
export function wishesOf({ desired, actual, filter }: World): Wishes {
  const places = new Map<string, string>();
  for (const { entry, id, kernels } of resolveWanted(desired, actual, filter).wanted) {
    const wish = wishOf(entry);
    const isWhole = entry.state === "absent" || entry.state === "added";
    places.set(`${isWhole ? "all" : "module"} ${entry.name}/${entry.version}`, wish);
    if (id) for (const kernel of kernels) places.set(instanceAddress({ module: id, kernel }), wish);
  }
  return { unlisted: desired.unlisted, places };
}

/**
 * The level, and a digest of how it is to be made: not for which other kernels, not where the document says so, and not
 * where an archive lies.
 */
function wishOf({ state, ...entry }: DesiredModule): string {
  const { name: _name, version: _version, kernels: _kernels, position: _position, places: _places, ...asked } = entry;
  const { timeoutMs: _timeoutMs, protect: _protect, initramfs: _initramfs, tarballs, ...others } = asked;
  const making = { ...others, tarballs: tarballs.map(({ sha256 }) => sha256) };
  return `${state} ${createHash("sha256").update(JSON.stringify(making)).digest("hex").slice(0, 16)}`;
}

/** How a change came about. Pure. */
export function driftOf(
  { address, actions }: Pick<Change, "address" | "actions">,
  now: Wishes,
  last: Wishes | undefined,
): Drift {
  if (!last) return "first_seen";
  // depmod is owed or behind, and leftovers are swept, only after others or a run that was killed; an initramfs is made of
  // what is there.
  if (actions.every((kind) => isOfKernel(kind) || kind === "sweep")) return "corrective";
  const was = wishAt(address, last) ?? (last.unlisted === "prune" ? unlistedWish("prune") : undefined);
  if (was === undefined) return "first_seen";
  return was === (wishAt(address, now) ?? unlistedWish(now.unlisted)) ? "corrective" : "intentional";
}

function wishAt(address: string, { places }: Wishes): string | undefined {
  const instance = parseInstanceAddress(address);
  const module = instance?.module ?? parseModuleKey(address);
  const own = instance ? places.get(address) : places.get(`module ${address}`);
  return own ?? (module && (places.get(`all ${moduleKey(module)}`) ?? places.get(`all ${module.name}/*`)));
}

function unlistedWish(policy: string): string {
  return `unlisted ${policy}`;
}

/**
 * What is to be remembered after a run: of each place that is as wanted now, what is wanted; of what is still to be
 * changed or blocked, what was wanted before. That a module is listed no more is remembered too. Pure.
 */
export function rememberWishes(last: Wishes | undefined, remaining: Plan, world: World): Wishes {
  const now = wishesOf(world);
  const open = [...remaining.changes, ...remaining.blocked].map(({ address }): string => address);
  const isOpen = (place: string) => open.some((address) => belongsTo(address, place));
  const places = new Map(last?.places);
  for (const [place, wish] of now.places) if (!isOpen(place)) places.set(place, wish);
  for (const place of [...places.keys()]) {
    if (now.places.has(place) || isOpen(place) || !isMeant(place, world)) continue;
    const module = moduleOf(place);
    places.delete(place);
    if (module && !entryFor(world.desired, module)) places.set(`all ${moduleKey(module)}`, unlistedWish(now.unlisted));
  }
  const isWhole = world.filter.modules.length === 0 && world.filter.kernel === undefined;
  return { unlisted: isWhole ? now.unlisted : (last?.unlisted ?? "report"), places };
}

function belongsTo(address: string, place: string): boolean {
  const [kind, rest] = place.split(" ");
  if (rest === undefined) return address === place;
  const every = rest.endsWith("/*") ? rest.slice(0, -1) : undefined;
  if (kind === "module") return address === rest;
  return every === undefined ? address === rest || address.startsWith(`${rest}@`) : address.startsWith(every);
}

function moduleOf(place: string): ModuleId | undefined {
  return parseInstanceAddress(place)?.module ?? parseModuleKey(place.replace(/^(all|module) /, ""));
}

/** Whether a run that was narrowed is about the place. */
function isMeant(place: string, { filter }: World): boolean {
  const module = moduleOf(place);
  const release = parseInstanceAddress(place)?.kernel.release;
  return module !== undefined && passes(module, filter) && (filter.kernel === undefined || filter.kernel === release);
}
