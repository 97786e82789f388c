import process from "node:process";
import { didYouMean } from "../dkms/did-you-mean.ts";
import type { Answer, Command } from "./command.ts";
import type { CommandSpec } from "./command-spec.ts";
import { exitCodes } from "./exit-codes.ts";
import { commandPage } from "./man/command-page.ts";
import { documentPage } from "./man/document-page.ts";
import { manualPages } from "./man/pages.ts";
import { usageAnswer } from "./usage-answer.ts";

/** Prints a manual page, from the same tables as the help and the schemas. */
export function manOf(commands: readonly CommandSpec[]): Command {
  return async ({ argument = manualPages[0] }): Promise<Answer> => {
    const page = manualPages.find((one) => one === argument);
    if (page) return { exitCode: exitCodes.ok.code, out: writers[page](commands, dateOfPages()) };
    const hint = didYouMean(argument, manualPages) ?? `There are: ${manualPages.join(", ")}.`;
    return usageAnswer({ message: `There is no manual page "${argument}".`, hint });
  };
}

const writers: Readonly<
  Record<(typeof manualPages)[number], (commands: readonly CommandSpec[], date: string) => string>
> = {
  "dkms-agent.8": commandPage,
  "dkms-agent.yaml.5": (_, date) => documentPage(date),
};

/** Today, or what a packager wants it to be, so that two builds are the same: reproducible-builds.org. */
function dateOfPages(): string {
  const epoch = process.env.SOURCE_DATE_EPOCH ?? "";
  return (/^\d{1,11}$/.test(epoch) ? new Date(Number(epoch) * 1000) : new Date()).toISOString().slice(0, 10);
}
