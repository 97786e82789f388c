import type { Host } from "../../host/host.ts";
import { digestSource } from "../digest-source.ts";
import { fail, type Result } from "../failure.ts";

export interface SourceCopy {
  readonly source: string;
  readonly copy: string;
  /** Of the source, before it was copied. */
  readonly digest: string;
}

/**
 * E_PRECONDITION if a copy is not what its source was when it was looked at: somebody has changed the source while it was
 * copied, and what is made of a half of each nobody could tell. `undefined` if it is.
 */
export function checkCopy({ files }: Host, { source, copy, digest }: SourceCopy): Result<never> | undefined {
  const copied = digestSource(files, copy);
  if (!copied.ok) return copied;
  if (copied.value === digest) return undefined;
  return fail("E_PRECONDITION", `The source in ${source} changed while it was copied.`, {
    path: source,
    remedy: "Run it again when nothing writes there any more.",
  });
}
