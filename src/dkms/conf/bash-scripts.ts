/**
 * The two scripts that bash runs for a dkms.conf. Each is one compound command, so that nothing in it is parsed after
 * the file has had its say, and turns to POSIX mode before it uses a builtin: there `unset` and `trap` cannot be hidden
 * behind a function of the file's.
 */

/**
 * `$1` the file, `$2` a marker, `$3` the directives' names, then pairs of a variable (or `NAME[3]`) and its value.
 * Answers on stdout, each field ended by NUL: the marker, the file's status, triples of name, index and value, the marker.
 */
export const sourceScript = `{
  __dkms_agent_file=$1 __dkms_agent_mark=$2 __dkms_agent_names=$3
  shift 3
  while (($#)); do printf -v "$1" %s "$2"; shift 2; done
  export kernelver arch module module_version
  shopt -s extglob
  if . "$__dkms_agent_file" >/dev/null; then __dkms_agent_status=0; else __dkms_agent_status=$?; fi
  POSIXLY_CORRECT=1
  set +euvx
  IFS=' '
  unset -f builtin printf eval unset trap
  trap - DEBUG ERR RETURN
  printf '%s\\0%s\\0' "$__dkms_agent_mark" "$__dkms_agent_status"
  for __dkms_agent_name in $__dkms_agent_names; do
    eval "__dkms_agent_keys=(\\"\\\${!$__dkms_agent_name[@]}\\")"
    for __dkms_agent_key in "\${__dkms_agent_keys[@]}"; do
      eval "__dkms_agent_value=\\"\\\${$__dkms_agent_name[\\$__dkms_agent_key]}\\""
      printf '%s\\0%s\\0%s\\0' "$__dkms_agent_name" "$__dkms_agent_key" "$__dkms_agent_value"
    done
  done
  printf '%s\\0' "$__dkms_agent_mark"
}`;

/**
 * `$1` a marker, `$2` the number of variables, then pairs of a variable and its value, then pairs of `NAME[3]` and a
 * text to read as if between double quotes. Answers each text, then the marker, each ended by NUL. Where the quotes
 * inside a text end the word (dell/dkms loses such a value), they are kept as part of it instead. An assignment splits no
 * expansion, the array that counts the words does: hence no IFS, unless a command in the text needs it.
 */
export const rereadScript = `{
  __dkms_agent_mark=$1 __dkms_agent_count=$2
  shift 2
  while ((__dkms_agent_count-- > 0)); do printf -v "$1" %s "$2"; shift 2; done
  export kernelver arch module module_version
  __dkms_agent_pairs=("$@")
  set --
  set -f +B
  shopt -s extglob
  for ((__dkms_agent_at = 0; __dkms_agent_at < \${#__dkms_agent_pairs[@]}; __dkms_agent_at += 2)); do
    __dkms_agent_text=\${__dkms_agent_pairs[__dkms_agent_at + 1]}
    __dkms_agent_words=()
    case $__dkms_agent_text in *'$('* | *'\`'*) IFS=$' \\t\\n' ;; *) IFS= ;; esac
    if eval "__dkms_agent_words=(\\"$__dkms_agent_text\\")" 2>/dev/null && ((\${#__dkms_agent_words[@]} == 1)); then
      __dkms_agent_text=\${__dkms_agent_words[0]}
    elif eval "__dkms_agent_word=\\"\${__dkms_agent_text//\\"/\\\\\\"}\\"" 2>/dev/null; then
      __dkms_agent_text=$__dkms_agent_word
    fi
    printf -v "\${__dkms_agent_pairs[__dkms_agent_at]}" %s "$__dkms_agent_text"
    printf '%s\\0' "$__dkms_agent_text"
  done
  printf '%s\\0' "$__dkms_agent_mark"
}`;
