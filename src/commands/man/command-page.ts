import type { CommandSpec } from "../command-spec.ts";
import { detailedApplyCodes, exitCodes, stopNote } from "../exit-codes.ts";
import { type OptionSpec, sharedOptionSpecs } from "../shared-options.ts";
import { toolVersion } from "../tool-version.ts";
import { entry, paragraph, part, section, title, verbatim } from "./roff.ts";

/** dkms-agent(8), from the tables of the command line. */
export function commandPage(commands: readonly CommandSpec[], date: string): string {
  return [
    title({
      ...{ name: "dkms-agent", section: 8, date, source: `dkms-agent ${toolVersion}` },
      manual: "System Administration",
    }),
    section("NAME", "dkms\\-agent \\- keep out\\-of\\-tree kernel modules in the state that a YAML file asks for\n"),
    section("SYNOPSIS", ...synopsis(commands)),
    section(
      "DESCRIPTION",
      paragraph(
        "dkms-agent reads which kernel modules a host is to have for which kernels, looks at what is there, shows the difference as a plan, and applies it. Run again, it does nothing. It works on the trees of dkms(8) with an engine of its own, so that a host needs no dkms, and one that has it can use both.",
      ),
    ),
    section("COMMANDS", ...commands.map(commandPart), dkmsPart),
    section("OPTIONS", paragraph("Every command but dkms takes these."), ...sharedOptionSpecs.map(optionEntry)),
    section("EXIT STATUS", ...codes(exitCodes), paragraph(stopNote)),
    section(
      "EXIT STATUS OF APPLY --DETAILED-EXITCODE",
      ...codes(detailedApplyCodes),
      paragraph("Wrong usage is 64 there too."),
    ),
    section("ENVIRONMENT", ...environment.map(([name, meaning]) => entry(name, meaning))),
    section("FILES", ...files.map(([name, meaning]) => entry(name, meaning))),
    section("SEE ALSO", ".BR dkms\\-agent.yaml (5),\n.BR dkms (8),\n.BR depmod (8)\n"),
  ].join("");
}

function synopsis(commands: readonly CommandSpec[]): readonly string[] {
  const lines = commands.map(({ name, argument }) => {
    return `dkms-agent ${name} [option]...${argument ? ` ${argument[0]}` : ""}`;
  });
  return [verbatim([...lines, "dkms-agent dkms verb [option]..."])];
}

function commandPart({ name, summary, description, argument, options, examples }: CommandSpec): string {
  const sentence = `${summary.slice(0, 1).toUpperCase()}${summary.slice(1)}. ${description}`;
  return part(
    name,
    paragraph(sentence),
    ...(argument ? [entry(argument[0], argument[1])] : []),
    ...options.map(optionEntry),
    paragraph("For example:"),
    ...examples.map(([line, purpose]) => entry(line, purpose)),
  );
}

const dkmsPart = part(
  "dkms",
  paragraph(
    "The command line, the exit codes and the status lines of dell/dkms 3.2.2: dkms-agent dkms --help tells its verbs and options. A program of the name dkms that is a link to dkms-agent is that command.",
  ),
);

function optionEntry({ flags, description, repeatable }: OptionSpec): string {
  const often = repeatable && !description.includes("repeatable") ? " (repeatable)" : "";
  return entry(flags, `${description}${often}`);
}

function codes(table: Readonly<Record<string, { readonly code: number; readonly meaning: string }>>) {
  return Object.values(table).map(({ code, meaning }) => entry(String(code), meaning));
}

const environment: readonly (readonly [string, string])[] = [
  ["NO_COLOR", "if it is not empty, nothing is coloured"],
  ["DKMS_AGENT_DEBUG", "if it is not empty, a bug is told with the place in the program"],
];

const files: readonly (readonly [string, string])[] = [
  ["/etc/dkms-agent/desired-state/*.yaml", "the desired state: see dkms-agent.yaml(5)"],
  ["/etc/dkms-agent/config.yaml", "settings, all of them optional: see dkms-agent.yaml(5)"],
  ["/etc/dkms/framework.conf, /etc/dkms/framework.conf.d/*.conf", "settings of dkms, where config.yaml is silent"],
  ["/var/lib/dkms, /usr/src, /lib/modules", "the DKMS tree, the module sources, what kernels load"],
  ["/var/lib/dkms/.dkms-agent/", "the lock, the journal of all runs, logs of failed builds"],
];
