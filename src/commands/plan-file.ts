import { type PlanDocument, planSchema } from "../contract/plan-schema.ts";
import { findInsecureFiles } from "../desired-state/insecure-files.ts";
import { type Failure, fail, type Result, succeed } from "../dkms/failure.ts";
import { nameProblem, parseInstanceAddress, parseKernelKey, parseModuleKey } from "../dkms/id.ts";
import { ioFailure } from "../dkms/io-failure.ts";
import { fieldsOf, parseJson } from "../dkms/json-fields.ts";
import type { Host } from "../host/host.ts";
import type { SavedPlan } from "../plan/admit-saved.ts";

/** A saved plan, as it is to be shown and as it is to be believed. */
export interface PlanFile {
  readonly document: PlanDocument;
  readonly saved: SavedPlan;
}

/** Far more than the plan of any host. */
const largest = 64 << 20;

/**
 * Reads what `plan --out` wrote. Fails with E_BAD_PLAN if it is something else, of another major version or too large, and
 * as reading fails.
 */
export function loadPlanFile({ files }: Pick<Host, "files">, file: string): Result<PlanFile> {
  let text: string | undefined;
  try {
    const stat = files.stat(file);
    if (!stat) return fail("E_BAD_PLAN", `There is no file ${file}.`, { path: file, remedy });
    if (stat.kind !== "file") return bad(file, "it is not a file");
    if (stat.size > largest) return bad(file, `it is larger than ${largest} bytes`);
    text = files.readText(file);
  } catch (error) {
    return ioFailure(error, `read the saved plan ${file}`);
  }
  return parsePlanFile(file, text ?? "");
}

/** Why root must not act on the word of a plan file: somebody else can write to it, or to where it lies. */
export function insecurePlanFile(host: Pick<Host, "files" | "machine">, file: string): Failure | undefined {
  const [first] = findInsecureFiles(host, [file]);
  if (!first) return undefined;
  const { message, hint } = first.fault;
  return fail("E_BAD_PLAN", `${first.file}: ${message}`, {
    path: first.file,
    ...(hint !== undefined && { remedy: hint }),
  }).error;
}

const remedy = "Make one: dkms-agent plan --out FILE.";
const namesDocument = "A document of the desired state is named with -f: dkms-agent apply -f PATH.";

function bad(file: string, problem: string): Result<never> {
  const isDocument = /\.ya?ml$/.test(file);
  return fail("E_BAD_PLAN", `${file} is not a saved plan: ${problem}.`, {
    path: file,
    remedy: isDocument ? namesDocument : remedy,
  });
}

function parsePlanFile(file: string, text: string): Result<PlanFile> {
  const value = parseJson(text);
  if (value === undefined) return bad(file, "it is not JSON");
  const version = majorOf(value);
  if (version !== undefined && version !== "1") {
    const problem = `its format_version is ${version}.x, and this program reads 1.x`;
    return fail("E_BAD_PLAN", `${file} cannot be read: ${problem}.`, {
      path: file,
      remedy: "Make a new plan with this program, or apply it with the one that made it.",
    });
  }
  const parsed = planSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return bad(file, `${issue?.path.join(".") || "the whole"}: ${issue?.message ?? "it has another shape"}`);
  }
  const strange = parsed.data.steps.find(({ kind, address }) => !isAddressOf(kind, address));
  if (strange) return bad(file, `a step cannot be about ${JSON.stringify(strange.address.slice(0, 100))}`);
  return succeed({ document: parsed.data, saved: savedPlan(parsed.data) });
}

function majorOf(value: unknown): string | undefined {
  const version = fieldsOf(value)?.get("format_version");
  return typeof version === "string" ? /^(\d+)\.\d+$/.exec(version)?.[1] : undefined;
}

function isAddressOf(kind: PlanDocument["steps"][number]["kind"], address: string): boolean {
  switch (kind) {
    case "depmod":
    case "initramfs":
      return parseKernelKey(address) !== undefined;
    case "sweep":
      return nameProblem(address) === undefined;
    case "add":
    case "repair":
    case "remove":
      return parseModuleKey(address) !== undefined;
    default:
      return parseInstanceAddress(address) !== undefined;
  }
}

/** Of the document only this is believed; whatever else it may say, commands most of all, is not even looked at. */
function savedPlan({ plan_id, created_at, host, trees, desired, filter, observed, steps }: PlanDocument): SavedPlan {
  return {
    planId: plan_id,
    createdAt: created_at,
    machine: {
      machineId: host.machine_id ?? undefined,
      dkmsTree: trees.dkms,
      sourceTree: trees.source,
      installTree: trees.install,
    },
    desired: { sha256: desired.sha256 },
    filter: {
      modules: filter.modules.map(toPattern),
      kernel: filter.kernel ?? undefined,
      retry: filter.retry,
      allowInUse: filter.allow_in_use,
    },
    steps: steps.map(({ kind, address }) => ({ kind, address })),
    observed: observed.touched,
  };
}

function toPattern(text: string): SavedPlan["filter"]["modules"][number] {
  const slash = text.indexOf("/");
  return slash < 0
    ? { name: text, version: undefined }
    : { name: text.slice(0, slash), version: text.slice(slash + 1) };
}
