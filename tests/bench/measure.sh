#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Measures what docs/performance.md reports: about ten minutes on a quiet machine.
#
#   tests/bench/measure.sh PROGRAM OUTPUT    # a line of JSON for each run of `kyutaistt bench`
set -eu

program=$1
output=$2
seconds=8
: >"$output"

bench() {
  "$program" bench --synthetic 1b --json "$@" | python3 -c \
    'import json, sys; print(json.dumps(json.load(sys.stdin)))' >>"$output"
}

for _ in 1 2 3; do
  for precision in f32 bf16 int8 int4; do
    bench --precision "$precision" --seconds "$seconds"
  done
done
for streams in 2 4 8 12 16 24 32; do
  for precision in bf16 int8 int4; do
    bench --precision "$precision" --streams "$streams" --seconds "$seconds"
  done
done
for streams in 8 12 16; do
  bench --precision int8 --streams "$streams" --seconds 60 --live
done
