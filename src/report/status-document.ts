import type { InstanceState, ModuleState, ObjectState } from "../actual-state/actual-state.ts";
import type { StatusDocument } from "../contract/status-schema.ts";
import type { Kernel } from "../dkms/kernel.ts";
import { diagnosticDocument } from "./diagnostic-document.ts";
import { documentHead } from "./json.ts";
import {
  blockedDocument,
  changeDocument,
  desiredDocument,
  hostDocument,
  notApplicableDocument,
  summaryDocument,
  treesDocument,
} from "./plan-document.ts";
import { activeKey, type Status } from "./status.ts";

export interface StatusFacts {
  readonly toolVersion: string;
  readonly createdAt: Date;
  readonly paths: { readonly dkmsTree: string; readonly sourceTree: string; readonly installTree: string };
}

/** Everything that the status knows, as other programs read it. `desired` and `plan` are null without documents. */
export function statusDocument(status: Status, facts: StatusFacts): StatusDocument {
  const { host, actual, plan, desired, diagnostics, advice } = status;
  return {
    ...documentHead(facts.toolVersion),
    created_at: facts.createdAt.toISOString(),
    host: hostDocument(host),
    trees: treesDocument(facts.paths),
    desired: desired ? desiredDocument(desired) : null,
    kernels: actual.kernels.map((kernel) => kernelDocument(kernel, host.runningKernel)),
    modules: actual.modules.map((module) => moduleDocument(module, status)),
    strays: actual.strays,
    depmod_owed: actual.depmodOwed.map(({ release, arch }) => ({ release, arch })),
    plan: plan
      ? {
          changes: plan.changes.map(changeDocument),
          blocked: plan.blocked.map(blockedDocument),
          not_applicable: plan.notApplicable.map(notApplicableDocument),
          summary: summaryDocument(plan.summary),
        }
      : null,
    findings: actual.findings,
    complete: actual.complete,
    diagnostics: diagnostics.map(diagnosticDocument),
    advice,
  };
}

function kernelDocument(
  { id, directory, headers, hasModulesDep, compression }: Kernel,
  running: string | undefined,
): StatusDocument["kernels"][number] {
  return {
    release: id.release,
    arch: id.arch,
    running: id.release === running,
    directory,
    headers: headers?.directory ?? null,
    has_modules_dep: hasModulesDep,
    compression,
  };
}

type ModuleDocument = StatusDocument["modules"][number];

/** `listed` is null without documents. */
function moduleDocument({ id, link, instances, leftovers }: ModuleState, status: Status): ModuleDocument {
  const unlisted: readonly string[] | undefined = status.plan?.unlisted;
  return {
    name: id.name,
    version: id.version,
    link,
    listed: unlisted ? !unlisted.includes(`${id.name}/${id.version}`) : null,
    leftovers,
    instances: instances.map((instance) => instanceDocument(id, instance, status)),
  };
}

function instanceDocument(
  { name, version }: ModuleState["id"],
  { kernel, level, objects, record, problems, originalsSaved }: InstanceState,
  { activeVersions, loaded }: Status,
): ModuleDocument["instances"][number] {
  const address = `${name}/${version}@${kernel.release}/${kernel.arch}`;
  return {
    address,
    kernel: { release: kernel.release, arch: kernel.arch },
    level,
    active_version: activeVersions.get(activeKey(name, kernel)) ?? null,
    loaded: loaded.get(address) ?? null,
    objects: objects.map(objectDocument),
    build: record ? { built_at: record.builtAt, duration_ms: record.durationMs } : null,
    problems,
    originals_saved: originalsSaved,
  };
}

function objectDocument({
  file,
  sha256,
  installed,
}: ObjectState): ModuleDocument["instances"][number]["objects"][number] {
  return { file, sha256, installed: installed ? { path: installed.path, sha256: installed.sha256 } : null };
}
