import path from "node:path";
import { apiVersion } from "../desired-state/schema.ts";
import { type Failure, fail } from "../dkms/failure.ts";
import { ioFailure } from "../dkms/io-failure.ts";
import { kernelIds } from "../dkms/read-kernels.ts";
import { readTree } from "../dkms/read-tree.ts";
import type { Host } from "../host/host.ts";
import { importDocument } from "../report/import-document.ts";
import { jsonText } from "../report/json.ts";
import { sentence } from "../report/words.ts";
import { unknownKernel, unknownModule } from "./check-filter.ts";
import type { Answer, Invocation } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { failedAnswer } from "./failed-answer.ts";
import { filterOf, onHost, stoppedAnswer } from "./on-host.ts";
import { archivesOf, type OpenedHost } from "./open-host.ts";
import { misplacedOutput } from "./output-file.ts";
import { type SettledDraft, settleDraft, untold } from "./settle-draft.ts";
import { toolVersion } from "./tool-version.ts";
import { usageAnswer } from "./usage-answer.ts";
import type { UsageError } from "./usage-error.ts";

/** Writes a desired state from what is on this host, with which a plan finds nothing to do. */
export async function importDesired(invocation: Invocation): Promise<Answer> {
  const { out, force } = invocation.own;
  const file = typeof out === "string" ? path.resolve(out) : undefined;
  if (out === "") return usageAnswer({ message: "--out: the path is empty.", hint: "Name a file." });
  if (force === true && file === undefined) {
    return usageAnswer({ message: "--force goes with --out only.", hint: "Name a file with --out, or leave it out." });
  }
  return onHost(invocation, (opened) => importOn(opened, invocation, { file, force: force === true }));
}

interface Target {
  readonly file: string | undefined;
  /** Whether a file that exists is replaced. */
  readonly force: boolean;
}

async function importOn(opened: OpenedHost, invocation: Invocation, target: Target): Promise<Answer> {
  const { host, settings } = opened;
  const { options, io } = invocation;
  const failed = (failure: Failure) => failedAnswer(failure, io);
  const occupied = occupiedBy(host, target);
  if (occupied) return failed(occupied);
  const unknown = unknownName(host, options);
  if (unknown) return usageAnswer(unknown);
  const draft = await settleDraft(host, {
    filter: filterOf(invocation),
    archives: archivesOf(opened, options),
    signing: settings.signing,
  });
  if (host.signal.aborted) return stoppedAnswer(host.signal);
  const unread = unreadPart(draft);
  if (unread) return failed(unread);
  if (target.file !== undefined) {
    try {
      host.files.writeAtomic(target.file, draft.text, 0o644);
    } catch (error) {
      return failed(ioFailure(error, "write the document").error);
    }
  }
  return answer(draft, target.file, options);
}

function unknownName(host: Host, { modules, kernel }: Invocation["options"]): UsageError | undefined {
  const inTree = readTree(host).modules;
  const built = inTree.flatMap(({ instances }) => instances.map((one) => one.kernel.release));
  const present = () => [...new Set([...kernelIds(host).map(({ release }) => release), ...built])];
  const ids = inTree.map(({ id }) => id);
  return unknownModule(modules, ids) ?? unknownKernel(kernel, { desired: { modules: [] }, present });
}

function answer(draft: SettledDraft, file: string | undefined, options: Invocation["options"]): Answer {
  const { json, quiet } = options;
  const asides = untold(draft);
  const err = asides.map((text) => `dkms-agent: ${sentence(text)}\n`).join("");
  const exitCode = exitCodes.ok.code;
  if (json) {
    const modules = draft.modules.filter((_, index) => draft.entries[index]?.isLeftOut === false);
    const desired = { apiVersion, unlisted: "report", modules };
    return { exitCode, out: jsonText(importDocument({ file, desired, untold: asides }, toolVersion)), err };
  }
  if (file === undefined) return { exitCode, out: draft.text, err };
  const listed = draft.entries.filter(({ isLeftOut }) => !isLeftOut).length;
  return { exitCode, out: quiet ? "" : `Wrote ${file} (${listed} of ${draft.entries.length} modules).\n`, err };
}

/** What stands where the document is to go. */
function occupiedBy(host: Host, { file, force }: Target): Failure | undefined {
  if (file === undefined) return undefined;
  const misplaced = misplacedOutput(host, file);
  if (misplaced || force || !host.files.lstat(file)) return misplaced;
  const remedy = "Name another file, or replace it with --force.";
  return fail("E_USAGE", `--out: ${file} exists already.`, { path: file, remedy }).error;
}

/** A document of half the host would look like one of the whole. */
function unreadPart({ actual }: SettledDraft): Failure | undefined {
  const [finding] = actual.findings;
  if (actual.complete || !finding) return undefined;
  const code = finding.code === "E_PERMISSION" ? finding.code : "E_IO";
  const message = `Nothing is imported, since a part of the trees cannot be read: ${finding.message}`;
  return fail(code, sentence(message), { path: finding.path, remedy: "Run it as root, or make it readable." }).error;
}
