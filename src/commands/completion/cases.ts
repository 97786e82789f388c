import type { Grammar, GrammarOption, Value } from "./grammar.ts";

/**
 * What follows the options, and the arguments, of all commands, as branches of a shell's `case "$command $option"`: bash
 * and zsh write them alike. The pattern of what every command takes comes last. An argument has the empty option.
 */
export function valueCases({ commands, shared, dkmsOptions }: Grammar): readonly string[] {
  const own = commands.flatMap(({ name, options, kernelWords, argument }) => [
    ...branches(name, options),
    ...(kernelWords.length > 0 ? [`"${name} --kernel") kind=kernel list="${kernelWords.join(" ")}" ;;`] : []),
    ...(argument ? [branch([`${name} `], argument)] : []),
  ]);
  return [...own, ...branches("dkms", dkmsOptions), '"dkms "*) ;;', ...branches(undefined, shared)];
}

function branches(command: string | undefined, options: readonly GrammarOption[]): readonly string[] {
  return options.flatMap(({ names, value }) => {
    const words = names.map((name) => `${command ?? "*"} ${name}`);
    return value ? [branch(words, value)] : [];
  });
}

function branch(words: readonly string[], value: Value): string {
  const patterns = words.map((word) => (word.startsWith("*") ? `*"${word.slice(1)}"` : `"${word}"`));
  const kind = typeof value === "string" ? `kind=${value}` : `kind=words list="${value.join(" ")}"`;
  return `${patterns.join("|")}) ${kind} ;;`;
}
