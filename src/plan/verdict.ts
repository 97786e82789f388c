import type { ActualState, InstanceState, ModuleState } from "../actual-state/actual-state.ts";
import type { DesiredModule, DesiredTarball } from "../desired-state/desired-state.ts";
import type { FailureCode } from "../dkms/failure.ts";
import type { InstanceId, ModuleId } from "../dkms/id.ts";
import type { BlockReason } from "./plan.ts";
import type { Reason } from "./step.ts";

/** What is to become of one instance. */
export type Verdict =
  | { readonly kind: "nothing" }
  | Blocking
  | { readonly kind: "not-applicable"; readonly text: string }
  | Acting;

export interface Blocking {
  readonly kind: "blocked";
  readonly reason: BlockReason;
  /** What a step would fail with, where the reason alone does not tell it. */
  readonly code?: FailureCode;
  readonly text: string;
  readonly remedy: string;
  /** Of what failed before: when it is tried again. */
  readonly nextTry?: Date;
}

/** Each reason says that its step is needed, and why. */
export interface Acting extends Making {
  readonly kind: "act";
  readonly install?: Reason;
  readonly uninstall?: Reason;
  readonly unbuild?: Reason;
  /** There is a build already: the new one is made beside it and swapped in. */
  readonly replacesBuild: boolean;
  /** Versions that the install takes away in the same step. */
  readonly replaces: readonly ModuleId[];
}

/** How a build comes about: made here, or loaded from an archive, or neither if it is there. */
export interface Making {
  readonly build?: Reason;
  readonly load?: Loading;
  /** The archive that brings the source for the build. */
  readonly sourceFrom?: DesiredTarball;
}

/** A binary that is loaded from an archive instead of being built. */
export interface Loading {
  readonly tarball: DesiredTarball;
  /** The archive holds the source too. */
  readonly hasSource: boolean;
  readonly reason: Reason;
}

/** Everything that the judgement of one wanted instance looks at. */
export interface Case {
  readonly entry: DesiredModule;
  readonly instance: InstanceId;
  readonly actual: ActualState;
  readonly module: ModuleState | undefined;
  /** The verdict on the instance of a BUILD_DEPENDS for the same kernel, if it is wanted as installed; already given. */
  readonly verdictOn: (dependency: string) => Verdict | undefined;
  /** Whether an instance that is there is taken away by the same plan. */
  readonly leaves: (instance: InstanceId) => boolean;
}

/** A verdict that it cannot be reached now. */
export function blocked(reason: BlockReason, text: string, remedy: string): Blocking {
  return { kind: "blocked", reason, text, remedy };
}

/** Why the build changes; `undefined` if it does not. */
export function makingReason({ build, load }: Making): Reason | undefined {
  return build ?? load?.reason;
}

/** The instance of a module for a kernel, if there is one. */
export function findInstance(module: ModuleState | undefined, { kernel }: InstanceId): InstanceState | undefined {
  return module?.instances.find((one) => one.kernel.release === kernel.release && one.kernel.arch === kernel.arch);
}
