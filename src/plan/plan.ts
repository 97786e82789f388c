import type { DesiredLevel, SourcePosition } from "../desired-state/desired-state.ts";
import type { Diagnostic } from "../desired-state/diagnostic.ts";
import type { FailureCode } from "../dkms/failure.ts";
import type { Address, ModuleKey } from "../dkms/id.ts";
import type { Reason, Step, StepId, StepKind } from "./step.ts";

/** The difference between what is wanted and what is there, and the way from one to the other. Plain values. */
export interface Plan {
  readonly changes: readonly Change[];
  /** In an order that respects `dependsOn`. */
  readonly steps: readonly Step[];
  readonly blocked: readonly Blocked[];
  readonly notApplicable: readonly NotApplicable[];
  /** Modules in the DKMS tree that no document lists, whatever becomes of them. */
  readonly unlisted: readonly ModuleKey[];
  /** Problems of the documents that only show against this host. An error among them: nothing may be applied. */
  readonly diagnostics: readonly Diagnostic[];
  readonly summary: PlanSummary;
}

export type Level = DesiredLevel;

/** How a change came about, by what is asked for and what was asked for when it was last brought there. */
export type Drift =
  /** The documents ask for something else than before. */
  | "intentional"
  /** They ask for the same, and the host is not as it was left. */
  | "corrective"
  /** It was never brought there. */
  | "first_seen";

/** What happens to one instance, or to one module as a whole. */
export interface Change {
  readonly address: Address;
  readonly actions: readonly StepKind[];
  readonly reason: Reason;
  readonly drift: Drift;
  readonly before: Level;
  readonly after: Level;
  /** Where the documents ask for it; `undefined` for what no document lists. */
  readonly source: SourcePosition | undefined;
  readonly stepIds: readonly StepId[];
}

/** Wanted, and not reachable now. */
export interface Blocked {
  readonly address: Address;
  readonly reason: BlockReason;
  /** What a step would fail with, if it were tried. */
  readonly code: FailureCode;
  /** One sentence. */
  readonly text: string;
  readonly remedy: string;
  readonly source: SourcePosition;
  /** Of what failed before: when it is tried again. */
  readonly nextTry?: Date;
}

export type BlockReason =
  | "no-kernel"
  | "no-headers"
  | "no-toolchain"
  | "no-source"
  | "no-binary"
  | "invalid-conf"
  | "missing-dependency"
  | "dependency-cycle"
  | "failed-before"
  | "untrusted"
  | "unreadable";

/** Wanted, and excluded by the module's own dkms.conf: never an error. */
export interface NotApplicable {
  readonly address: Address;
  readonly text: string;
  readonly source: SourcePosition;
}

/** Counted in instances (and whole modules, where a change is about one). */
export interface PlanSummary {
  readonly install: number;
  readonly rebuild: number;
  readonly build: number;
  readonly uninstall: number;
  readonly remove: number;
  readonly other: number;
  readonly blocked: number;
  readonly notApplicable: number;
  /** Wanted instances that are as they should be. */
  readonly unchanged: number;
}
