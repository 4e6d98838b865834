# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Completion for bash: commands and options come from the program's own help.

_kyutaistt() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} program=${COMP_WORDS[0]}
  local choices options
  if [ "$COMP_CWORD" -eq 1 ]; then
    choices=$("$program" --help 2>/dev/null | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
    mapfile -t COMPREPLY < <(compgen -W "$choices help --help --version" -- "$current")
    return
  fi
  options=$("$program" "${COMP_WORDS[1]}" --help 2>/dev/null | sed -n 's/^  \(--[a-z0-9-]*\)/\1/p')
  if [[ $current == -* ]]; then
    choices=$(cut -d ' ' -f 1 <<<"$options")
    mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$current")
    return
  fi
  # A list of names stands where an option takes one of them.
  choices=$(sed -n "s/^$previous \([a-z0-9-]*|[a-z0-9|-]*\) .*/\1/p" <<<"$options")
  if [ -n "$choices" ]; then
    mapfile -t COMPREPLY < <(compgen -W "${choices//|/ }" -- "$current")
  fi
}

# Files where nothing else is found.
complete -o default -F _kyutaistt kyutaistt
