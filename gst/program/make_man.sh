#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes a page of the manual from a command's help.
#
#   make_man.sh HELP2MAN VERSION OUTPUT SUMMARY COMMAND...    # no SUMMARY: the help's third line
set -eu

help2man=$1
version=$2
output=$3
summary=$4
shift 4

# help2man names the page after the program that it runs.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
page=$folder/$(basename "$output" .1)
{
  printf '#!/bin/sh\nexec'
  printf ' "%s"' "$@"
  # shellcheck disable=SC2016 # for the script that is written
  printf ' "$@"\n'
} >"$page"
chmod +x "$page"

[ -n "$summary" ] || summary=$("$page" --help | sed -n 's/\.$//; 3p')
LC_ALL=C.UTF-8 "$help2man" --no-info --name "$summary" --version-string "$version" --output "$output" "$page"
