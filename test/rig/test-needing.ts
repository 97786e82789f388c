import type { Context, Test } from "uvu";
import { findPart, type PartName, type Parts } from "./parts.ts";

/** Hands out the parts that the test said it needs. */
export type PartsOf<N extends PartName> = <M extends N>(name: M) => Parts[M];

/**
 * Registers a test that needs parts of the real world. Where one is missing the test is skipped, with a line on
 * stdout that names the Debian package; with CI in the environment it fails instead, so that nothing is skipped there.
 */
export function testNeeding<T extends Context, N extends PartName>(
  suite: Test<T>,
  names: readonly N[],
  title: string,
  run: (part: PartsOf<N>, context: T) => Promise<void> | void,
): void {
  const needs = names.map((name) => findPart(name)).flatMap((lookup) => (lookup.found ? [] : [lookup.needs]));
  if (needs.length === 0) {
    suite(title, (context) => run(part, context));
    return;
  }
  const fullTitle = `${title} (needs ${[...new Set(needs)].map(inWords).join(", ")})`;
  const { CI } = process.env;
  if (CI) {
    suite(fullTitle, () => {
      throw new Error(`CI skips nothing, but this machine lacks: ${needs.join(", ")}`);
    });
  } else {
    process.stdout.write(`skipped: ${fullTitle}\n`);
    suite.skip(fullTitle, (context) => run(part, context));
  }
}

function part<N extends PartName>(name: N): Parts[N] {
  const lookup = findPart(name);
  if (!lookup.found) throw new Error(`${name} went away while the tests ran: ${lookup.needs}`);
  return lookup.part;
}

function inWords(needed: string): string {
  return needed === "root" ? "root" : `package ${needed}`;
}
