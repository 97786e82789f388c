import { findPart, type PartName, type Parts } from "../test/rig/parts.ts";

/** A part of the real world without which a bench says nothing; a throw names the package that brings it. */
export function need<N extends PartName>(name: N): Parts[N] {
  const lookup = findPart(name);
  if (!lookup.found) throw new Error(`This bench needs the package ${lookup.needs}.`);
  return lookup.part;
}
