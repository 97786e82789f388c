import { type Result, succeed } from "../failure.ts";
import type { Done } from "./verb.ts";

/** Does one verb after the other as if they were one: a failure takes back those before it, and so does the undo. */
export async function all(works: readonly (() => Promise<Result<Done>>)[]): Promise<Result<Done>> {
  const done: Done[] = [];
  const undo = {
    restore: () => {
      for (const one of done.toReversed()) one.undo.restore();
    },
    commit: () => {
      for (const one of done) one.undo.commit();
    },
  };
  for (const work of works) {
    const result = await work();
    if (!result.ok) {
      undo.restore();
      return result;
    }
    done.push(result.value);
  }
  const notices = done.flatMap((one) => one.notices);
  return succeed({ changed: done.some(({ changed }) => changed), notices, undo });
}
