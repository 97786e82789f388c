import { suggestKnown } from "../../dkms/command-line/suggest.ts";
import { type Failure, fail } from "../../dkms/failure.ts";
import { readTree } from "../../dkms/read-tree.ts";
import { autoinstall } from "../../dkms/verbs/autoinstall.ts";
import { kernelPreinst } from "../../dkms/verbs/kernel-preinst.ts";
import { kernelPrerm, pruneKernel } from "../../dkms/verbs/kernel-prerm.ts";
import { match } from "../../dkms/verbs/match.ts";
import { finishCourse } from "./finish-course.ts";
import { courseOf, type Runner, refuse, requireRoot } from "./runner.ts";
import { kernelOf, type Session } from "./session.ts";

/** `dkms autoinstall` and `dkms kernel_postinst` */
export const autoinstallRunner: Runner = { check: requireRoot, run: autoinstallNow };

/** Also after an rpm brought new modules. */
export async function autoinstallNow(session: Session): Promise<readonly Failure[]> {
  const kernel = kernelOf(session);
  if (!kernel.ok) return refuse(session, kernel.error);
  if (session.call.options.confFile !== undefined)
    session.tell({ type: "notice", text: "-c is ignored: every module goes by its own dkms.conf." });
  const course = courseOf(session);
  const failure = await autoinstall(course, kernel.value);
  const more = await finishCourse(session, course);
  const failures = [...(failure ? [failure] : []), ...more.map((one) => ({ ...one, dkmsExit: 11 }))];
  // The headers have been told.
  if (failure && failure.dkmsExit === 11) session.tell({ type: "failure", failure });
  return failures;
}

/** `dkms kernel_prerm` */
export const kernelPrermRunner: Runner = {
  check: requireRoot,
  run: async (session) => {
    const kernel = kernelOf(session);
    if (!kernel.ok) return refuse(session, kernel.error);
    const course = courseOf(session);
    const failures = await kernelPrerm(course, kernel.value);
    const more = await finishCourse(session, course);
    pruneKernel(session.host, kernel.value);
    return [...failures, ...more].map(asHookFailure);
  },
};

/** `dkms kernel_preinst` */
export const kernelPreinstRunner: Runner = {
  check: requireRoot,
  run: async (session) => {
    const kernel = kernelOf(session);
    if (!kernel.ok) return refuse(session, kernel.error);
    const course = courseOf(session);
    const failures = await kernelPreinst(course, kernel.value);
    return [...failures, ...(await finishCourse(session, course))].map(asHookFailure);
  },
};

/** `dkms match` */
export const matchRunner: Runner = {
  check: (session) => requireRoot(session) ?? checkMatch(session),
  run: async (session) => {
    const { host, call } = session;
    const kernel = kernelOf(session);
    if (!kernel.ok) return refuse(session, kernel.error);
    const { name, version } = call;
    const [release = "", arch = host.machine.arch] = (call.options.templateKernel ?? "").split("/");
    const course = courseOf(session);
    const failures = await match(course, {
      template: { release, arch },
      target: kernel.value,
      ...(name !== undefined && { name }),
      ...(version !== undefined && { version }),
    });
    return [...failures, ...(await finishCourse(session, course))];
  },
};

/** The codes are dell/dkms's, whose messages leave open which of the two kernels is meant by what. */
function checkMatch(session: Session): Failure | undefined {
  const { host, call } = session;
  const { templateKernel } = call.options;
  const example = "For example: dkms match --templatekernel 6.1.0-55-amd64 -k 6.1.0-56-amd64.";
  if (templateKernel === undefined)
    return fail("E_USAGE", "No template is given: the kernel whose modules are wanted.", { remedy: example }).error;
  const kernel = kernelOf(session);
  if (!kernel.ok) return kernel.error;
  const { release } = kernel.value;
  if (templateKernel === release)
    return fail("E_USAGE", `${release} is both the template and the kernel to install for.`, {
      remedy: example,
      dkmsExit: 2,
    }).error;
  const { name } = call;
  if (name === undefined || readTree(host).modules.some(({ id }) => id.name === name)) return undefined;
  const hint = suggestKnown(host, call);
  const more = hint === undefined ? {} : { remedy: hint };
  return fail("E_NOT_IN_TREE", `${name} is not in the DKMS tree.`, { ...more, dkmsExit: 3 }).error;
}

function asHookFailure(failure: Failure): Failure {
  return { ...failure, dkmsExit: 14 };
}
