import type { Grammar, GrammarOption, Value } from "./grammar.ts";
import { shellQuote } from "./shell-quote.ts";

/** A script for fish, to be sourced or put into a directory of completions. It starts no process but fish's own. */
export function fishCompletion(grammar: Grammar): string {
  return `# fish completion for dkms-agent, also under the name dkms, as "dkms-agent completion fish" prints it

${bareWords(grammar)}

${helpers}

${rules(grammar)}
`;
}

/** The one helper that must know which options have a value. */
function bareWords(grammar: Grammar): string {
  const own = grammar.commands.flatMap(({ options }) => options).concat(grammar.shared);
  const options = [...new Set(own.flatMap(valuedNames))];
  const dkmsOptions = grammar.dkmsOptions.flatMap(valuedNames);
  return `function __dkms_agent_bare --description 'the words of the line that are no options and no values'
    set -l words (commandline -opc)
    set -e words[1]
    set -l skip 0
    set -l command ''
    for word in $words
        if test $skip = 1
            set skip 0
            continue
        end
        switch "$command $word"
            case ${dkmsOptions.map((name) => `'dkms ${name}'`).join(" ")}
                set skip 1
            case 'dkms -*'
            case ${options.map((name) => `'* ${name}'`).join(" ")}
                set skip 1
            case '* -*'
            case '*'
                test -z "$command"; and set command $word
                echo $word
        end
    end
end`;
}

function valuedNames({ names, value }: GrammarOption): readonly string[] {
  return value ? names : [];
}

const helpers = `function __dkms_agent_at --description 'whether the next bare word comes after so many others, the first of them given'
    set -l bare (__dkms_agent_bare)
    test (count $bare) = $argv[1]; or return 1
    test (count $argv) = 1; or contains -- "$bare[1]" $argv[2..-1]
end

function __dkms_agent_in --description 'whether the command is one of these'
    set -l bare (__dkms_agent_bare)
    contains -- "$bare[1]" $argv
end

function __dkms_agent_tree --description 'a tree: its default place, the names of its option'
    set -l root ''
    set -l tree ''
    set -l option ''
    for word in (commandline -opc)
        set -l value $word
        if string match -q -- '--*=*' $word
            set option (string replace -r '=.*' '' -- $word)
            set value (string replace -r '^[^=]*=' '' -- $word)
        end
        if test "$option" = --root
            set root (string trim -r -c / -- $value)
        else if contains -- "$option" $argv[2..-1]
            set tree $value
        end
        set option $word
    end
    test -n "$tree"; and echo $tree; or echo $root$argv[1]
end

function __dkms_agent_kernels
    for path in (__dkms_agent_tree /lib/modules --install-tree --installtree)/*/
        set -l name (string replace -r '.*/([^/]+)/$' '$1' -- $path)
        string match -r '^[0-9].*' -- $name
    end
end

function __dkms_agent_versions
    for path in (__dkms_agent_tree /var/lib/dkms --dkms-tree --dkmstree)/*/*/source
        string replace -r '.*/([^/]+/[^/]+)/source$' '$1' -- $path
    end
end

function __dkms_agent_modules
    set -l versions (__dkms_agent_versions)
    string replace -r '/.*' '' -- $versions | sort -u
    printf '%s\\n' $versions
end`;

function rules({ commands, shared, verbs, dkmsOptions }: Grammar): string {
  return `complete -c dkms-agent -f
complete -c dkms -f -w 'dkms-agent dkms'
${commands.map(({ name, summary }) => `complete -c dkms-agent -n '__dkms_agent_at 0' -a ${name} -d ${quote(summary)}`).join("\n")}
${commands.flatMap(({ name, options }) => options.map((option) => complete(`__dkms_agent_in ${name}`, option))).join("\n")}
${commands.flatMap(({ name, kernelWords }) => (kernelWords.length > 0 ? [`complete -c dkms-agent -n '__dkms_agent_in ${name}' -l kernel -x -a ${shellQuote(kernelWords.join(" "))}`] : [])).join("\n")}
${commands.flatMap(({ name, argument }) => (argument ? [`complete -c dkms-agent -n '__dkms_agent_at 1 ${name}' ${valueFlags(argument).replace(/^-[rx] ?/, "")}`] : [])).join("\n")}
${shared.map((option) => complete("not __dkms_agent_in dkms", option)).join("\n")}
complete -c dkms-agent -n '__dkms_agent_at 1 dkms' -a ${shellQuote(verbs.join(" "))}
complete -c dkms-agent -n '__dkms_agent_in dkms; and not __dkms_agent_at 1' -a '(__dkms_agent_versions)'
complete -c dkms-agent -n '__dkms_agent_in dkms; and string match -qr "^(add|ldtarball)" -- (__dkms_agent_bare)[2]' -F
${dkmsOptions.map((option) => complete("__dkms_agent_in dkms", option)).join("\n")}`;
}

function complete(condition: string, { names, description, value }: GrammarOption): string {
  const flags = names.map((name) => (name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  const about = description === "" ? [] : [`-d ${quote(description)}`];
  return [
    "complete -c dkms-agent",
    `-n '${condition}'`,
    ...flags,
    ...about,
    ...(value ? [valueFlags(value)] : []),
  ].join(" ");
}

function valueFlags(value: Value): string {
  switch (value) {
    case "kernel":
      return "-x -a '(__dkms_agent_kernels)'";
    case "module":
      return "-x -a '(__dkms_agent_modules)'";
    case "file":
      return "-r -F";
    case "directory":
      return "-x -a '(__fish_complete_directories (commandline -ct))'";
    case "anything":
      return "-x";
    default:
      return `-x -a ${shellQuote(value.join(" "))}`;
  }
}

/** In fish a backslash means something in single quotes too. */
function quote(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
