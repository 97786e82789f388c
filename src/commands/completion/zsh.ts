import { valueCases } from "./cases.ts";
import type { Grammar, GrammarOption } from "./grammar.ts";
import { shellQuote } from "./shell-quote.ts";

/** A script for zsh, to be sourced after compinit or put into fpath as _dkms-agent. It starts no process. */
export function zshCompletion(grammar: Grammar): string {
  const { commands, shared, verbs, dkmsOptions } = grammar;
  return `#compdef dkms-agent dkms
# zsh completion for dkms-agent, also under the name dkms, as "dkms-agent completion zsh" prints it

_dkms_agent_kind() { # command, option: sets kind, and list
  kind= list=
  case "$1 $2" in
${valueCases(grammar)
  .map((line) => `    ${line}`)
  .join("\n")}
  esac
}

_dkms_agent_options() { # command: sets offered
  offered=()
  case $1 in
    dkms) offered=(${described(dkmsOptions)}) ;;
${commands
  .filter(({ name, options }) => name !== "dkms" && options.length > 0)
  .map(({ name, options }) => `    ${name}) offered=(${described(options)}) ;;`)
  .join("\n")}
  esac
  [[ $1 == dkms ]] || offered+=(${described(shared)})
}

_dkms_agent() {
  local command= verb= option= value= root= dkms_tree= install_tree= kind= list= word
  local -a offered found
  integer i
  [[ \${words[1]:t} == dkms ]] && command=dkms
  for ((i = 2; i < CURRENT; i++)); do
    word=\${words[i]} value=
    if [[ -n $option ]]; then
      value=$word
    elif [[ $word == --*=* ]]; then
      option=\${word%%=*} value=\${word#*=}
    elif [[ $word == -* ]]; then
      _dkms_agent_kind "$command" "$word"
      [[ -n $kind ]] && option=$word
      continue
    elif [[ -z $command ]]; then
      command=$word
      continue
    else
      verb=\${verb:-$word}
      continue
    fi
    case $option in
      --root) root=\${value%/} ;;
      --dkms-tree | --dkmstree) dkms_tree=\${value%/} ;;
      --install-tree | --installtree) install_tree=\${value%/} ;;
    esac
    option=
  done
  if [[ -z $option && $PREFIX == --*=* ]]; then
    option=\${PREFIX%%=*}
    compset -P '*='
  elif [[ -z $option && $PREFIX == -* ]]; then
    _dkms_agent_options "$command"
    _describe -o option offered
    return
  fi
  if [[ -z $option && -z $command ]]; then
    offered=(
${commands.map(({ name, summary }) => `      ${shellQuote(`${name}:${summary}`)}`).join("\n")}
    )
    _describe command offered
    return
  fi
  if [[ -z $option && $command == dkms ]]; then
    if [[ -z $verb ]]; then
      compadd -- ${verbs.join(" ")}
      return
    fi
    kind=version
    [[ $verb == add || $verb == ldtarball ]] && kind=file
  elif [[ -z $option && -n $verb ]]; then
    return 1
  else
    _dkms_agent_kind "$command" "$option"
  fi
  case $kind in
    words) compadd -- \${=list} ;;
    kernel)
      found=(\${=list} "\${install_tree:-$root/lib/modules}"/[0-9]*(N-/:t))
      compadd -a found
      ;;
    module | version)
      found=("\${dkms_tree:-$root/var/lib/dkms}"/*/*/source(N:h))
      found=(\${found#\${dkms_tree:-$root/var/lib/dkms}/})
      [[ $kind == module ]] && found+=(\${(u)found%%/*})
      compadd -a found
      ;;
    file) _files ;;
    directory) _files -/ ;;
  esac
}

if [[ $funcstack[1] == _dkms-agent ]]; then
  _dkms_agent "$@"
else
  compdef _dkms_agent dkms-agent dkms
fi
`;
}

/** \`name:description\`; zsh ends the name at the first colon. */
function described(options: readonly GrammarOption[]): string {
  return options
    .flatMap(({ names, description }) =>
      names.map((name) => shellQuote(description === "" ? name : `${name}:${description}`)),
    )
    .join(" ");
}
