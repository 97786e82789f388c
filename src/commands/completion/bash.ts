import { valueCases } from "./cases.ts";
import type { Grammar, GrammarOption } from "./grammar.ts";

/** A script for bash. It needs no other package, starts no process, and looks into the trees that the line names. */
export function bashCompletion(grammar: Grammar): string {
  const { commands, shared, verbs, dkmsOptions } = grammar;
  return `# bash completion for dkms-agent, also under the name dkms, as "dkms-agent completion bash" prints it

_dkms_agent_kind() { # command, option: sets kind, and list
  kind= list=
  case "$1 $2" in
${valueCases(grammar).map(indented).join("\n")}
  esac
}

_dkms_agent_options() { # command: sets list
  case $1 in
    dkms) list="${names(dkmsOptions)}" ;;
${commands
  .filter(({ name, options }) => name !== "dkms" && options.length > 0)
  .map(({ name, options }) => `    ${name}) list="${names(options)} ${names(shared)}" ;;`)
  .join("\n")}
    *) list="${names(shared)}" ;;
  esac
}

_dkms_agent_offer() { # words: those that begin as the current word does
  local word
  for word; do
    [[ $word == "$cur"* ]] || continue
    printf -v word %q "$word"
    COMPREPLY+=("$word")
  done
}

_dkms_agent_found() { # kind: what is on the machine
  local path name found=()
  local nullglob=$(shopt -p nullglob)
  shopt -s nullglob
  if [[ $1 == kernel ]]; then
    found=($list)
    for path in "\${install_tree:-$root/lib/modules}"/[0-9]*/; do
      path=\${path%/}
      found+=("\${path##*/}")
    done
  else
    for path in "\${dkms_tree:-$root/var/lib/dkms}"/*/*/source; do
      path=\${path%/source}
      name=\${path%/*}
      name=\${name##*/}
      [[ $1 == module && " \${found[*]} " != *" $name "* ]] && found+=("$name")
      found+=("$name/\${path##*/}")
    done
  fi
  $nullglob
  _dkms_agent_offer "\${found[@]}"
}

_dkms_agent() {
  local cur=\${COMP_WORDS[COMP_CWORD]} command= verb= option= root= dkms_tree= install_tree= kind= list= word i
  [[ $cur == "=" ]] && cur=
  COMPREPLY=()
  [[ \${COMP_WORDS[0]##*/} == dkms ]] && command=dkms
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    [[ $word == "=" ]] && continue
    if [[ -n $option ]]; then
      case $option in
        --root) root=\${word%/} ;;
        --dkms-tree | --dkmstree) dkms_tree=\${word%/} ;;
        --install-tree | --installtree) install_tree=\${word%/} ;;
      esac
      option=
    elif [[ $word == -* ]]; then
      _dkms_agent_kind "$command" "$word"
      [[ -n $kind ]] && option=$word
    elif [[ -z $command ]]; then
      command=$word
    elif [[ -z $verb ]]; then
      verb=$word
    fi
  done
  if [[ -z $option && $cur == -* ]]; then
    _dkms_agent_options "$command"
    _dkms_agent_offer $list
    return
  fi
  if [[ -z $option && -z $command ]]; then
    _dkms_agent_offer ${commands.map(({ name }) => name).join(" ")}
    return
  fi
  if [[ -z $option && $command == dkms ]]; then
    if [[ -z $verb ]]; then
      _dkms_agent_offer ${verbs.join(" ")}
      return
    fi
    kind=version
    [[ $verb == add || $verb == ldtarball ]] && kind=file
  elif [[ -z $option && -n $verb ]]; then
    return
  else
    _dkms_agent_kind "$command" "$option"
  fi
  case $kind in
    words) _dkms_agent_offer $list ;;
    kernel | module | version) _dkms_agent_found "$kind" ;;
    file)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      ;;
    directory)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$cur")
      ;;
  esac
}

complete -F _dkms_agent dkms-agent dkms
`;
}

function names(options: readonly GrammarOption[]): string {
  return options.flatMap((option) => option.names).join(" ");
}

function indented(line: string): string {
  return `    ${line}`;
}
