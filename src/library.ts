/**
 * The package's entry for programs: the stages of the pipeline one by one, and the pipeline as a whole. examples/ shows both.
 * What is not named here may change in any version. The only file of the project that exports what others define.
 *
 * - `createHost`, or `openHost`, which also reads the settings of the host
 * - `loadDesired`: documents to a `DesiredState`, or every problem
 * - `scanActual`: the trees to an `ActualState`; never writes
 * - `assemblePlan`: the difference; pure
 * - `applyPlan`: a plan to an `Outcome`, under `withLock`
 * - `compare` and `reconcile`: all of it, as `dkms-agent plan` and `apply` do it
 * - `runOptionsOf`, `applyOptionsOf`: what the settings of an opened host say about how
 */

export type {
  ActualState,
  Finding,
  InstanceState,
  ModuleState,
  ObjectState,
  Problem,
  ScanRequest,
} from "./actual-state/actual-state.ts";
export { scanActual } from "./actual-state/scan-actual.ts";
export { type ApplyOptions, applyPlan } from "./apply/apply-plan.ts";
export { builtInEngine } from "./apply/built-in-engine.ts";
export { dkmsEngine } from "./apply/dkms-engine.ts";
export type { Engine } from "./apply/engine.ts";
export type { ApplyEvent, Emit } from "./apply/event.ts";
export { type Journal, openJournal } from "./apply/journal.ts";
export { withLock } from "./apply/lock.ts";
export type { Applied, Outcome, StepResult } from "./apply/outcome.ts";
export type { RunFacts } from "./apply/run-facts.ts";
export { noWorkshop, openWorkshop, type Workshop } from "./apply/workshop.ts";
export { applyOptionsOf } from "./commands/apply-options.ts";
export { type HostRequest, type OpenedHost, openHost, policyOf } from "./commands/open-host.ts";
export { runOptionsOf } from "./commands/run-options.ts";
export { type Comparison, compare } from "./compare.ts";
export { documentJsonSchema } from "./contract/document-json-schema.ts";
export { type DocumentName, documentNames } from "./contract/document-names.ts";
export type { DesiredModule, DesiredState, Selector } from "./desired-state/desired-state.ts";
export type { Diagnostic } from "./desired-state/diagnostic.ts";
export { jsonSchema as desiredJsonSchema } from "./desired-state/json-schema.ts";
export { type LoadedDesired, loadDesired, parseDesired } from "./desired-state/load-desired.ts";
export type { LoadOptions } from "./desired-state/read-documents.ts";
export type { Settings } from "./desired-state/settings.ts";
export { settingsJsonSchema } from "./desired-state/settings-json-schema.ts";
export { type EnginePolicy, unsignedPolicy } from "./dkms/engine-policy.ts";
export type { Failure, Result } from "./dkms/failure.ts";
export {
  type Address,
  type InstanceId,
  instanceAddress,
  type KernelId,
  type ModuleId,
  moduleKey,
  parseInstanceAddress,
  parseModuleKey,
} from "./dkms/id.ts";
export type { Kernel } from "./dkms/kernel.ts";
export { type Caller, findCaller } from "./host/caller.ts";
export { createHost, type HostOptions } from "./host/create-host.ts";
export type { Host } from "./host/host.ts";
export { assemblePlan } from "./plan/assemble-plan.ts";
export type { Blocked, Change, NotApplicable, Plan, PlanSummary } from "./plan/plan.ts";
export { noFilter, type PlanFilter } from "./plan/resolve-wanted.ts";
export { scanRequest } from "./plan/scan-request.ts";
export type { Step, StepKind } from "./plan/step.ts";
export { type Reconciled, type ReconcileOptions, reconcile } from "./reconcile.ts";
