import path from "node:path";
import type { Failure } from "../../dkms/failure.ts";
import { objectSuffixes } from "../../dkms/kernel.ts";
import { moduleObjectsDirectory } from "../../dkms/tree-layout.ts";
import { type ChangedKernel, type Course, endCourse } from "../../dkms/verbs/course.ts";
import type { Session } from "./session.ts";

/** depmod, then what options and framework.conf ask for after a change. The failures, which have been told. */
export async function finishCourse(session: Session, course: Course): Promise<readonly Failure[]> {
  const failures = await endCourse(course);
  const changed = [...course.changed.values()];
  const wantsModprobe = session.call.options.modprobeOnInstall || session.framework.modprobeOnInstall;
  if (wantsModprobe) for (const kernel of changed) await loadObjects(session, kernel);
  if (changed.length > 0) await runPostTransaction(session);
  return failures;
}

/** Only into the running kernel. What does not load is told: it is installed nevertheless. */
async function loadObjects({ host, tell }: Session, { kernel, installed }: ChangedKernel): Promise<void> {
  if (kernel.release !== host.machine.runningKernel) return;
  for (const module of installed) {
    const files = host.files.list(moduleObjectsDirectory(host.paths, { module, kernel })) ?? [];
    for (const { name } of files) {
      const suffix = objectSuffixes.find((one) => name.endsWith(one));
      if (suffix === undefined) continue;
      const object = name.slice(0, -suffix.length);
      const result = await host.run({ file: "modprobe", args: [object], timeoutMs: 60_000 });
      const said = result.stderr.trim().split("\n").at(-1) || result.ending;
      if (result.exitCode !== 0) tell({ type: "notice", text: `${object} could not be loaded: ${said}` });
    }
  }
}

async function runPostTransaction({ host, framework, tell }: Session): Promise<void> {
  const { postTransaction } = framework;
  if (postTransaction === undefined) return;
  const logFile = path.join(host.paths.dkmsTree, "post_transaction.log");
  const command = { file: "bash", args: ["-c", postTransaction], timeoutMs: 60 * 60_000, logFile };
  const result = await host.run(command);
  if (result.ending === "exited" && result.exitCode === 0) return;
  tell({ type: "notice", text: `post_transaction failed (${result.ending}, ${result.exitCode}): see ${logFile}.` });
}
