#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Looks at the sources: format, clang-tidy with the annotations of locks, scripts, pages, the borders
# between folders, facts that stand once, exported symbols.
#
#   tests/lint.sh BUILD    # a configured and built folder
set -eu

build=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
failed=0

complain() {
  echo "lint: $*" >&2
  failed=1
}

sources=$(find lib gst tests -name '*.cpp' | sort)
headers=$(find lib gst tests -name '*.h' | sort)

# shellcheck disable=SC2086 # lists of files without spaces
clang-format --dry-run --Werror $sources $headers examples/*.cpp || complain "clang-format finds differences"

scripts=$(find examples tests gst .ci -name '*.sh' -o -name '*.sbatch' -o -name '*.bash' -o -path '.ci/run' | sort)
# shellcheck disable=SC2086
shellcheck $scripts || complain "shellcheck finds faults"
flake8 examples tests || complain "flake8 finds faults"

# Pages have one width; tables, links and commands are as long as they have to be.
pages=$(find . -name '*.md' -not -path './build*' -not -path './subprojects/*/*' | sort)
for page in $pages; do
  awk -v page="$page" '
    /^```/ { code = !code }
    !code && !/^(\||!|    )/ && length($0) > 120 { print page ":" FNR ": " $0; found = 1 }
    END { exit found }' "$page" || complain "$page has lines of more than 120 characters"
done

# Words of CONTRIBUTING.md's list.
# shellcheck disable=SC2086
grep -nwiE "whole numbers?|no finite numbers?|tells|(is|are|was|were|be) told|(most|least)_[a-z_]+|quantis[a-z]*" \
  $sources $headers $pages $scripts | grep -vE '^(./CONTRIBUTING.md|tests/lint.sh):' &&
  complain "words that CONTRIBUTING.md replaces"
# Order is "after"; a stream may fall behind, and something may be left behind.
# shellcheck disable=SC2086
grep -nwi "behind" $sources $headers $pages $scripts |
  grep -vE '^(./CONTRIBUTING.md|tests/lint.sh):|(left|fall[a-z]*|fell|further) behind' &&
  complain "\"behind\" for time or order, which is \"after\""

# The library knows no GLib, and only its module libtorch; the element and the program know neither
# libtorch nor the library's inner headers.
grep -rnE '#include <(gst|glib|gio)' lib && complain "lib/ includes GLib or GStreamer"
grep -rnlE '#include <(ATen|torch|c10)/' lib gst | grep -v '^lib/ops/torch/' &&
  complain "libtorch is included outside of lib/ops/torch"
grep -rnE '#include "(base|checkpoint|text|ops|mimi|lm|decode|engine)/' gst |
  grep -v '"base/mutex.h"$' &&
  complain "gst/ includes inner headers of the library"

# The library's layers: none includes one that lies above it.
layers="base checkpoint text ops mimi lm decode engine"
above=$layers
for layer in $layers; do
  above=${above#"$layer"}
  above=${above# }
  for upper in $above; do
    grep -rnE "#include \"$upper/" "lib/$layer" &&
      complain "lib/$layer includes lib/$upper, which lies above it"
  done
done

# The layers below the engine know facts about models and time, not its handles. The one that finds
# models implements a function of the public header.
grep -rnE '#include <kyutaistt/(model|engine|stream)\.h>' \
  lib/base lib/checkpoint lib/text lib/ops lib/mimi lib/lm lib/decode |
  grep -v '^lib/checkpoint/model_location.cpp:' && complain "a layer includes a handle of the engine"

# The rate, the samples of a frame and the frames of a second stand in audio.h. Comments and messages
# may say them.
grep -rnE '\b(24000|1920|12\.5|milliseconds\(80\)|80ms)\b' lib gst --include='*.cpp' --include='*.h' |
  grep -vE '^lib/kyutaistt/audio\.h:|^[^:]*:[0-9]*: *(//|\*)' &&
  complain "a fact of audio.h stands somewhere else"

for file in $sources $headers; do
  [ "$(wc -l <"$file")" -le 800 ] || complain "$file has more than 800 lines"
  head -n 1 "$file" | grep -q 'SPDX-License-Identifier: LGPL-2.1-or-later' ||
    complain "$file does not begin with its licence"
done
grep -rnE '(std::(abort|exit|terminate|cout|cerr)|printf\()' lib --include='*.cpp' --include='*.h' |
  grep -v snprintf && complain "the library aborts, exits or prints"

# Public symbols only: the library's namespace, and what a module is asked for.
nm -D --defined-only "$build/lib/libkyutaistt.so" | c++filt |
  grep -vE ' (typeinfo|vtable)' | awk '$2 != "A" { print }' |
  grep -E ' [TBDRVW] ' | grep -vE 'kyutaistt::(Engine|Model|Status|Stream|check_prompt|find_model|inspect_model|measure_machine|ReadMeter|parse_token_ids|quantize_model|status_code_name)|std::|__gnu|nlohmann' &&
  complain "libkyutaistt exports more than its public symbols"

# clang-tidy, with clang's check of locks, takes the most time: as many at once as there are cores, and what several programs
# compile is looked at once. ThreadSanitizer's annotations and the kernels for Arm belong to builds of
# their own, so this one does not know how they are compiled.
mkdir -p "$build/lint"
python3 - "$build/compile_commands.json" "$build/lint/compile_commands.json" <<'END'
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    commands = json.load(file)
with open(sys.argv[2], "w", encoding="utf-8") as file:
    json.dump(list({command["file"]: command for command in commands}.values()), file)
END
# shellcheck disable=SC2086
printf '%s\n' $sources | grep -vE '^(tests/support/glib_locks|lib/ops/native/kernels_neon)' | xargs -P "$(nproc)" -n 1 clang-tidy \
  -p "$build/lint" --quiet --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wthread-safety 2>/dev/null ||
  complain "clang-tidy finds faults"

exit "$failed"
