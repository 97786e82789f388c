import type { Host } from "../../host/host.ts";
import { isSystemError } from "../../host/system-error.ts";
import { type Failure, type Result, succeed } from "../failure.ts";
import { ioFailure } from "../io-failure.ts";
import { type FileChanges, recordChanges } from "./file-changes.ts";
import type { Done } from "./verb.ts";

/** What a verb's work says of itself; the undo is added by {@link withUndo}. */
export type Outcome = Omit<Done, "undo">;

export interface VerbWork {
  /** What is being done, to what: "install demo/1.0 for 6.1.0-56-amd64". */
  readonly doing: string;
  /** Goes into hidden names: see {@link recordChanges}. */
  readonly label: string;
  readonly act: (changes: FileChanges) => Promise<Result<Outcome>>;
}

/**
 * Does a verb's work, all or nothing: what it has changed is taken back if it fails, is stopped, or if the operating
 * system refuses something; otherwise it can still be taken back by the caller.
 */
export async function withUndo({ files }: Host, { doing, label, act }: VerbWork): Promise<Result<Done>> {
  const changes = recordChanges(files, label);
  const result = await resultOf(changes, doing, act);
  if (result.ok) return succeed({ ...result.value, undo: changes.undo });
  const taken = takeBack(changes, doing, result.error);
  await changes.undo.afterRestore();
  return taken;
}

/** The verb found everything as it should be. */
export function unchanged(...notices: readonly string[]): Result<Outcome> {
  return succeed({ changed: false, notices });
}

async function resultOf(changes: FileChanges, doing: string, act: VerbWork["act"]): Promise<Result<Outcome>> {
  try {
    return await act(changes);
  } catch (error) {
    if (isSystemError(error)) return ioFailure(error, doing);
    changes.undo.restore();
    throw error;
  }
}

function takeBack(changes: FileChanges, doing: string, error: Failure): Result<never> {
  try {
    changes.undo.restore();
    return { ok: false, error };
  } catch (trouble) {
    const second = ioFailure(trouble, `take back what was done to ${doing}`);
    const remedy = `${error.remedy ?? ""} Then run dkms-agent apply: it repairs what is half done.`.trim();
    return { ok: false, error: { ...error, message: `${error.message} ${second.error.message}`, remedy } };
  }
}
