import type { Host } from "../../host/host.ts";
import type { Overrides } from "../conf/overrides.ts";
import { unsignedPolicy } from "../engine-policy.ts";
import { type Failure, fail, type Result, succeed } from "../failure.ts";
import { type InstanceId, instanceAddress, type KernelId, type ModuleId, moduleKey } from "../id.ts";
import { moduleDirectory } from "../tree-layout.ts";
import { add } from "./add.ts";
import { build } from "./build.ts";
import { type Course, carryOut, noteChange } from "./course.ts";
import { install } from "./install.ts";
import { activeVersion, isActive, isBuilt, requireSource } from "./tree-checks.ts";
import { uninstall } from "./uninstall.ts";
import type { Done } from "./verb.ts";

/**
 * The verbs of dell/dkms take the steps before them by themselves: install builds, build adds. A module that is broken is
 * refused, not mended: its `source` link leads nowhere, and every action but add leaves it alone.
 */

/** Adds the module unless it is known. Fails as add, and with E_BROKEN_MODULE (4). */
async function reachAdded(course: Course, module: ModuleId): Promise<Result<undefined>> {
  const { host } = course;
  if (isKnown(host, module)) {
    const source = requireSource(host, module);
    return source.ok ? succeed(undefined) : refuse(course, source.error);
  }
  const added = await carryOut(course, { action: "add", what: moduleKey(module) }, () =>
    add(host, { module, known: course.confs }),
  );
  return commit(added);
}

/** Builds the instance; with `replace`, also if it is built already. Fails as add and build. */
export async function reachBuilt(
  course: Course,
  instance: InstanceId,
  { replace = false }: { readonly replace?: boolean } = {},
): Promise<Result<undefined>> {
  const { host, options } = course;
  const added = await reachAdded(course, instance.module);
  if (!added.ok) return added;
  const { jobs, force = false, policy = unsignedPolicy } = options;
  const more = { ...overridesOf(course), policy, ...(jobs !== undefined && { jobs }) };
  const built = await carryOut(course, { action: "build", what: instanceAddress(instance) }, () =>
    build(host, instance, { force, replace, ...more }),
  );
  return commit(built);
}

/**
 * Installs the instance, built before if need be; with `force` anew if it is installed already. Another installed version
 * makes way, with `keepNewer` (the default) only if it is older. Committed only when depmod has run: see endCourse. Fails
 * as add, build and install, and with E_NEWER_INSTALLED (6).
 */
export async function reachInstalled(
  course: Course,
  instance: InstanceId,
  { keepNewer = true }: { readonly keepNewer?: boolean } = {},
): Promise<Result<undefined>> {
  const { host } = course;
  const built = isBuilt(host, instance)
    ? await reachAdded(course, instance.module)
    : await reachBuilt(course, instance);
  if (!built.ok) return built;
  const result = await carryOut(course, { action: "install", what: instanceAddress(instance) }, () =>
    installAnew(course, instance, keepNewer),
  );
  if (!result.ok) return result;
  if (result.value.changed) noteChange(course, instance.kernel, { module: instance.module, undo: result.value.undo });
  else result.value.undo.commit();
  return host.signal.aborted ? stopped(instance.kernel) : succeed(undefined);
}

async function installAnew(course: Course, instance: InstanceId, keepNewer: boolean): Promise<Result<Done>> {
  const { host, options } = course;
  const { force = false, forceVersion = false, policy = unsignedPolicy } = options;
  const overrides = overridesOf(course);
  const { name } = instance.module;
  const isAgain = force && isActive(host, instance);
  const out = isAgain ? await uninstall(host, instance, overrides) : undefined;
  if (out && !out.ok) return out;
  const active = activeVersion(host, name, instance.kernel);
  const replaces = active === undefined || active === instance.module.version ? [] : [{ name, version: active }];
  const done = await install(host, instance, { ...overrides, replaces, force, forceVersion, keepNewer, policy });
  if (!out) return done;
  if (!done.ok) {
    out.value.undo.restore();
    const said = (await out.value.undo.afterRestore?.()) ?? [];
    for (const text of said) course.tell({ type: "notice", text });
    return done;
  }
  return succeed({
    ...done.value,
    notices: [...out.value.notices, ...done.value.notices],
    undo: both(out.value, done.value),
  });
}

/** The later change goes back first. */
function both(first: Done, second: Done): Done["undo"] {
  return {
    restore: () => {
      second.undo.restore();
      first.undo.restore();
    },
    afterRestore: async () => [
      ...((await second.undo.afterRestore?.()) ?? []),
      ...((await first.undo.afterRestore?.()) ?? []),
    ],
    commit: () => {
      first.undo.commit();
      second.undo.commit();
    },
  };
}

function overridesOf({ options: { directives, confFile }, confs: known }: Course): Overrides {
  return { ...(directives && { directives }), ...(confFile !== undefined && { confFile }), known };
}

function isKnown({ files, paths }: Host, module: ModuleId): boolean {
  return files.stat(moduleDirectory(paths, module))?.kind === "directory";
}

function commit(result: Result<Done>): Result<undefined> {
  if (!result.ok) return result;
  result.value.undo.commit();
  return succeed(undefined);
}

function refuse({ tell }: Course, failure: Failure): Result<never> {
  tell({ type: "failure", failure });
  return { ok: false, error: failure };
}

function stopped({ release }: KernelId): Result<never> {
  return fail("E_CANCELLED", `The run was stopped after the work for ${release}.`);
}
