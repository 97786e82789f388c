import { documentNames } from "../contract/document-names.ts";
import { candidateOptions } from "./candidate.ts";
import type { CommandSpec } from "./command-spec.ts";
import { shells } from "./completion/shells.ts";
import { hookEvents } from "./hook-events.ts";
import { manualPages } from "./man/pages.ts";
import type { OptionSpec } from "./shared-options.ts";

const retryOption: OptionSpec = {
  flags: "--retry",
  description: "try what failed before again now, without waiting until its next try is due",
};

const inUseOption: OptionSpec = {
  flags: "--allow-in-use",
  description: "uninstall also what is loaded into the running kernel; it stays loaded until the next boot",
};

/** The commands in the order in which somebody meets them. */
export const commandTable: readonly CommandSpec[] = [
  {
    name: "validate",
    summary: "check the desired state, every problem at once",
    description:
      "Exits with 65 if there is an error in the documents. Warns of what on this host is likely not meant: a selector that chooses no kernel, a version that is not the newest in the source tree, an option without effect.",
    options: [
      ...candidateOptions,
      { flags: "--settings <file>", description: "check this file of settings instead, and no documents" },
    ],
    examples: [
      ["dkms-agent validate -f desired-state", "each problem with its line, column and a caret"],
      ["dkms-agent validate --candidate new.yaml", "a document, before it is put beside the others"],
      ["dkms-agent validate -f modules.yaml --json", "the same for an editor or a pipeline"],
    ],
    load: async () => (await import("./validate.ts")).validate,
  },
  {
    name: "plan",
    summary: "show what apply would do, and why",
    description: "Writes nothing, and needs no root where the trees are readable.",
    options: [
      { flags: "--detailed-exitcode", description: "exit with 2 if there are changes, 3 if only blocked ones" },
      {
        flags: "--out <file>",
        description: "save the plan too: dkms-agent apply FILE then does this and nothing else",
      },
      ...candidateOptions,
      retryOption,
      inUseOption,
    ],
    examples: [
      ["dkms-agent plan", "the differences, one line each"],
      ["dkms-agent plan --kernel 6.1.0-56-amd64", "what the next kernel needs, before it is booted"],
      ["dkms-agent plan --candidate new.yaml", "what a document would change, before it is put there"],
      ["dkms-agent plan --json | jq '.changes[].address'", "for programs"],
    ],
    load: async () => (await import("./plan.ts")).plan,
  },
  {
    name: "show",
    summary: "print a saved plan",
    description: "Looks at nothing but the file.",
    argument: ["<planfile>", "what plan --out wrote"],
    options: [],
    examples: [["dkms-agent show tonight.plan", "what apply tonight.plan would do"]],
    load: async () => (await import("./show.ts")).show,
  },
  {
    name: "apply",
    summary: "make the host what the documents ask for",
    description:
      "Does what plan shows, then looks again. Safe to repeat and to interrupt; a second run does nothing. With a saved plan: does what that one shows, or nothing if anything that it touches has changed since (79).",
    argument: ["[planfile]", "what plan --out wrote"],
    options: [
      {
        flags: "--detailed-exitcode",
        description: "tell changed from unchanged: see the exit codes of dkms-agent --help",
      },
      { flags: "--ask", description: "show the plan and wait for a yes" },
      { flags: "--dry-run", description: "do what plan does instead" },
      { flags: "--keep-going", description: "go on with everything else after a failure; so it does anyway" },
      { flags: "--fail-fast", description: "start nothing more after the first failure" },
      retryOption,
      {
        flags: "--engine <name>",
        description: "builtin (default), or dkms: the host's own dkms command",
        values: ["builtin", "dkms"],
      },
      inUseOption,
      {
        flags: "--jobs <n>",
        description: "how many jobs all builds together may run (default: the processors, one more at the end)",
      },
    ],
    json: "events",
    examples: [
      ["dkms-agent apply", "reconcile /etc/dkms-agent/desired-state"],
      ["dkms-agent apply --module v4l2loopback --detailed-exitcode", "one module; 2 if it changed"],
      ["dkms-agent apply tonight.plan", "what was planned, looked at and approved"],
      ["dkms-agent apply --root /srv/image --kernel 6.1.0-56-amd64", "into an image"],
    ],
    load: async () => (await import("./apply.ts")).apply,
  },
  {
    name: "hook",
    summary: "reconcile one kernel, for the hooks of packages",
    description:
      "What the scripts in /etc/kernel and the plugin of kernel-install call. kernel-postinst: a kernel was installed, and its initramfs is made right after; header-postinst: the headers of one came; kernel-prerm: a kernel is about to go, and what is installed and built for it goes before. Says nothing where there is nothing to do. A failure is in the history, and the exit code is 0 all the same, unless the settings say hooks: strict.",
    argument: ["<event>", `${hookEvents.join(", ")}; with --kernel RELEASE`],
    argumentValues: hookEvents,
    options: [],
    json: "events",
    examples: [
      ["dkms-agent hook kernel-postinst --kernel 6.1.0-56-amd64", "as /etc/kernel/postinst.d/dkms-agent does"],
      ["dkms-agent hook kernel-prerm --kernel 6.1.0-55-amd64", "take away what is left of a kernel that is gone"],
    ],
    load: async () => (await import("./hook.ts")).hook,
  },
  {
    name: "daemon",
    summary: "stay, and apply by a schedule and whenever something changes",
    description:
      "Does what apply does: at once, at the times of the settings, and when a kernel, its headers, a document or an archive comes or changes. Documents that are not valid change nothing. SIGHUP makes it read everything anew, SIGTERM ends it after the step that goes on.",
    options: [],
    json: "events",
    reloads: true,
    examples: [
      ["dkms-agent daemon", "in the foreground, as a service manager wants it"],
      ["dkms-agent daemon --json", "every event of every run as a line of JSON"],
    ],
    load: async () => (await import("./daemon.ts")).daemon,
  },
  {
    name: "status",
    summary: "show which module is where",
    description: "Modules by kernels, with what is wrong and what is not as the documents want it. Needs no documents.",
    options: [],
    examples: [
      ["dkms-agent status", "the whole host"],
      ["dkms-agent status --module ddcci --json", "everything that is known of one module"],
    ],
    load: async () => (await import("./status.ts")).status,
  },
  {
    name: "verify",
    summary: "tell whether this host would boot a kernel with every wanted module",
    description:
      "Exits with 0 or 1, for whoever is about to reboot: everything that is wanted for the kernel must be installed as it was built, made for it, signed where that is asked for, and in its modules.dep with what it depends on. --kernel names a release, newest (default: the newest that is installed) or running; what runs must also be what is installed then.",
    options: [],
    kernelWords: ["newest", "running"],
    examples: [
      ["dkms-agent verify --quiet && systemctl reboot", "reboot only into a kernel that is ready"],
      ["dkms-agent verify --kernel running", "is what runs what is wanted?"],
      ["dkms-agent verify --kernel 6.1.0-56-amd64 --json", "for programs"],
    ],
    load: async () => (await import("./verify.ts")).verify,
  },
  {
    name: "import",
    summary: "write a desired state from what is on this host",
    description:
      "Also from a host that only ever had dell/dkms. A plan with the document finds nothing to do; what cannot be said so is left out, as a comment, and told on stderr. A module with AUTOINSTALL that has every kernel goes on to follow new ones; any other keeps the kernels that it has.",
    options: [
      { flags: "--out <file>", description: "write it to this file, whole or not at all (default: stdout)" },
      { flags: "--force", description: "replace the file if it exists" },
    ],
    examples: [
      ["dkms-agent import --out /etc/dkms-agent/desired-state/imported.yaml", "take over this host as it is"],
      ["dkms-agent import --module v4l2loopback", "the entry of one module"],
    ],
    load: async () => (await import("./import.ts")).importDesired,
  },
  {
    name: "unprotect",
    summary: "lift the protection of a module",
    description:
      'Once a document has been applied that says "protect: true" of a module, no plan takes the module away, whatever the documents say later; only this command lifts that.',
    argument: ["<module>", "NAME/VERSION; NAME for all of its versions"],
    options: [],
    examples: [["dkms-agent unprotect nvidia/550.54.14", "it may be upgraded or removed now"]],
    load: async () => (await import("./unprotect.ts")).unprotect,
  },
  {
    name: "history",
    summary: "tell what earlier runs did, and what the next one will do",
    description:
      "One line for each run: when, who, what became of it; the latest last. Runs that had nothing to do, or could not do anything for the same reason, share one as long as no other run did something. The last line says what the next apply will do. With -v also the steps.",
    options: [{ flags: "--last <n>", description: "so many runs (default: 20)" }],
    examples: [
      ["dkms-agent history -v --last 1", "the last run, step by step"],
      ["dkms-agent history --module ddcci --json", "for programs: the runs that did something to one module"],
    ],
    load: async () => (await import("./history.ts")).history,
  },
  {
    name: "schema",
    summary: "print a JSON schema: of the desired state, of JSON output",
    description: "For editors: # yaml-language-server: $schema=./schema.json",
    argumentValues: ["desired", "settings", ...documentNames],
    argument: ["[name]", `desired (default), settings, or of JSON output: ${documentNames.join(", ")}`],
    options: [],
    examples: [
      ["dkms-agent schema > schema.json", "beside your documents"],
      ["dkms-agent schema plan", "what plan --json prints"],
    ],
    load: async () => (await import("./schema.ts")).schema,
  },
  {
    name: "completion",
    summary: "print what makes a shell complete these command lines",
    description:
      "Commands, options, kernels, modules and files, also where the program is called dkms. It starts no process.",
    argument: ["<shell>", shells.join(", ")],
    argumentValues: shells,
    options: [],
    examples: [
      ["dkms-agent completion bash > /etc/bash_completion.d/dkms-agent", "for everybody, with bash-completion"],
      ["dkms-agent completion zsh > /usr/share/zsh/site-functions/_dkms-agent", "for everybody"],
      ["dkms-agent completion fish > ~/.config/fish/completions/dkms-agent.fish", "for oneself"],
    ],
    load: async () => (await import("./completion.ts")).completionOf(commandTable),
  },
  {
    name: "man",
    summary: "print a manual page",
    description: "Where the package is installed by npm -g, man finds them by itself.",
    argument: ["[page]", `${manualPages.join(" (default), ")}`],
    argumentValues: manualPages,
    options: [],
    examples: [
      ["dkms-agent man | man -l -", "read it"],
      ["dkms-agent man dkms-agent.yaml.5 > /usr/share/man/man5/dkms-agent.yaml.5", "install it"],
    ],
    load: async () => (await import("./man.ts")).manOf(commandTable),
  },
];
