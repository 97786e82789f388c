/** Whether a text fits a pattern. */
export type TextTest = (text: string) => boolean;

/** Why a pattern is of no use, in whole sentences. */
export interface PatternProblem {
  readonly message: string;
  readonly hint: string;
}

/** A pattern that can be asked, or what is wrong with it. */
export type CompiledPattern =
  | { readonly ok: true; readonly value: TextTest }
  | { readonly ok: false; readonly error: PatternProblem };
