#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes a page of the manual from a command's help.
#
#   make_man.sh HELP2MAN PROGRAM VERSION OUTPUT [COMMAND]
set -eu

help2man=$1
program=$2
version=$3
output=$4
command=${5:-}

# help2man names the page after the program that it runs.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
page=$folder/$(basename "$output" .1)
printf '#!/bin/sh\nexec "%s" %s "$@"\n' "$program" "$command" >"$page"
chmod +x "$page"

summary=$("$page" --help | sed -n 's/\.$//; 3p')
LC_ALL=C.UTF-8 "$help2man" --no-info --name "$summary" --version-string "$version" --output "$output" "$page"
