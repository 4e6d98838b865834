#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs what is missing (Debian 12), builds, lints and tests; closes with the totals.
#
#   tests/run-tests.sh              # what continuous integration runs
#   tests/run-tests.sh --sanitize   # the same tests with AddressSanitizer and UBSan, no lint
set -eu

usage() {
  echo "usage: tests/run-tests.sh [--sanitize]" >&2
  exit 2
}

sanitize=no
case ${1:-} in
  '') ;;
  --sanitize) sanitize=yes ;;
  *) usage ;;
esac
[ $# -le 1 ] || usage

root=$(cd "$(dirname "$0")/.." && pwd)

"$root/examples/install-packages.sh" \
  g++ meson ninja-build pkg-config nlohmann-json3-dev libtorch-dev libsentencepiece-dev \
  libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev libgstreamer-plugins-bad1.0-dev \
  gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good \
  gstreamer1.0-plugins-bad gstreamer1.0-plugins-base-apps gstreamer1.0-x \
  python3-gi gir1.2-gstreamer-1.0 gir1.2-gst-rtsp-server-1.0 \
  check python3 clang-format clang-tidy binutils

if [ "$sanitize" = yes ]; then
  build=$root/build-sanitize
  set -- -Db_sanitize=address,undefined -Db_lundef=false -Dbuildtype=debugoptimized
  # libtorch and GStreamer keep what they allocate once; only our own leaks are of interest.
  export LSAN_OPTIONS="suppressions=$root/tests/leaks.supp:print_suppressions=0"
  export ASAN_OPTIONS=detect_odr_violation=0
  export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
  timeout_factor=6
  export CK_TIMEOUT_MULTIPLIER=$timeout_factor
else
  build=$root/build-tests
  set --
  timeout_factor=1
fi

if [ ! -f "$build/build.ninja" ]; then
  /usr/bin/meson setup "$build" "$root" "$@"
fi
/usr/bin/ninja -C "$build"

lint=
if [ "$sanitize" = no ]; then
  "$root/tests/lint.sh" "$build" || lint=lint
fi

log=$build/meson-logs/testlog.json
rm -f "$log"
/usr/bin/meson test -C "$build" --print-errorlogs --no-rebuild \
  --timeout-multiplier "$timeout_factor" || true

# shellcheck disable=SC2086 # no word where lint is clean
exec python3 "$root/tests/totals.py" "$log" $lint
