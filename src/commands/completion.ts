import type { Answer, Command } from "./command.ts";
import type { CommandSpec } from "./command-spec.ts";
import { bashCompletion } from "./completion/bash.ts";
import { fishCompletion } from "./completion/fish.ts";
import { type Grammar, grammarOf } from "./completion/grammar.ts";
import { shells } from "./completion/shells.ts";
import { zshCompletion } from "./completion/zsh.ts";
import { exitCodes } from "./exit-codes.ts";
import { usageAnswer } from "./usage-answer.ts";

/** Prints what makes a shell complete the command lines of these commands. */
export function completionOf(commands: readonly CommandSpec[]): Command {
  return async ({ argument = "" }): Promise<Answer> => {
    const shell = shells.find((one) => one === argument);
    if (shell) return { exitCode: exitCodes.ok.code, out: writers[shell](grammarOf(commands)) };
    const hint = `There are: ${shells.join(", ")}.`;
    return usageAnswer({ message: `There is no completion for the shell "${argument}".`, hint });
  };
}

const writers: Readonly<Record<(typeof shells)[number], (grammar: Grammar) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};
