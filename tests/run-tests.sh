#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs what is missing (Debian 12), builds, lints and tests; closes with the totals.
#
#   tests/run-tests.sh                    # what continuous integration runs; also the library for
#                                         # 64-bit Arm, under qemu
#   tests/run-tests.sh --sanitize         # the same tests with AddressSanitizer and UBSan, no lint
#   tests/run-tests.sh --thread-sanitize  # those of threads with ThreadSanitizer, no lint
#   tests/run-tests.sh --valgrind         # those that end in minutes under valgrind, no lint
set -eu

usage() {
  echo "usage: tests/run-tests.sh [--sanitize | --thread-sanitize | --valgrind]" >&2
  exit 2
}

mode=all
case ${1:-} in
  '') ;;
  --sanitize | --thread-sanitize | --valgrind) mode=${1#--} ;;
  *) usage ;;
esac
[ $# -le 1 ] || usage

root=$(cd "$(dirname "$0")/.." && pwd)

"$root/examples/install-packages.sh" \
  g++ meson ninja-build pkg-config nlohmann-json3-dev libtorch-dev libsentencepiece-dev \
  libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev libgstreamer-plugins-bad1.0-dev \
  gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good \
  gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-libav \
  gstreamer1.0-plugins-base-apps gstreamer1.0-x \
  python3-gi python3-aiohttp gir1.2-gstreamer-1.0 gir1.2-gst-plugins-base-1.0 gir1.2-gst-rtsp-server-1.0 \
  help2man debhelper lintian munge slurmctld slurmd slurm-client python3-yaml \
  chromium check python3 clang-format clang-tidy shellcheck flake8 binutils valgrind \
  g++-aarch64-linux-gnu qemu-user

build=$root/build-tests
timeout_factor=1
wrapper=
# Names of the tests, by lines; all of them if there are none.
names=
set --
case $mode in
  sanitize)
    build=$root/build-sanitize
    set -- -Db_sanitize=address,undefined -Db_lundef=false -Dbuildtype=debugoptimized
    # libtorch and GStreamer keep what they allocate once; only our own leaks are of interest.
    export LSAN_OPTIONS="suppressions=$root/tests/leaks.supp:print_suppressions=0"
    export ASAN_OPTIONS=detect_odr_violation=0
    export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
    timeout_factor=6
    ;;
  thread-sanitize)
    build=$root/build-threads
    set -- -Db_sanitize=thread -Db_lundef=false -Dbuildtype=debugoptimized
    export TSAN_OPTIONS="suppressions=$root/tests/threads.supp:history_size=4"
    # GLib's own allocator hides from ThreadSanitizer what is freed.
    export G_SLICE=always-malloc
    export KYUTAISTT_RANDOM_WALKS=40 KYUTAISTT_FLUSHES=300
    timeout_factor=10
    # Not those that are about real time, nor those of the same code in hundreds of forms.
    names='audio queue
engine
stream
thread pool
text output
contract
domain changes
faults
latency
random walk
recognition
segments
sharing
speech events'
    ;;
  valgrind)
    wrapper='valgrind --quiet --error-exitcode=9'
    export G_SLICE=always-malloc CK_FORK=no
    timeout_factor=10
    # Those that read what others have written, and no model: that would take hours.
    names='audio queue
json file
model folder
model location
safetensors
text output
timeline
tokenizer
word builder'
    ;;
esac
export CK_TIMEOUT_MULTIPLIER=$timeout_factor

if [ ! -f "$build/build.ninja" ]; then
  /usr/bin/meson setup "$build" "$root" --prefix=/usr -Dlibtorch=enabled -Dsentencepiece=enabled "$@"
fi
/usr/bin/ninja -C "$build"

if [ "$mode" = thread-sanitize ]; then
  # Plugins of others, which are met when GStreamer's registry is made, have faults of their own.
  CK_RUN_SUITE=none GST_PLUGIN_PATH=$build/gst/element GST_REGISTRY=$build/tests-registry.bin \
    GST_REGISTRY_FORK=no "$build/tests/gst/test-contract" >"$build/registry.log" 2>&1 || true
fi

failed=
if [ "$mode" = all ]; then
  "$root/tests/lint.sh" "$build" || failed=lint
fi

log=$build/meson-logs/testlog.json
rm -f "$log"
set -- --print-errorlogs --no-rebuild --timeout-multiplier "$timeout_factor"
[ -z "$wrapper" ] || set -- "$@" --wrapper "$wrapper"
# One name a line: names have spaces.
while read -r name; do
  [ -z "$name" ] || set -- "$@" "$name"
done <<END
$names
END
/usr/bin/meson test -C "$build" "$@" || true

if [ "$mode" = all ]; then
  # The library and its kernels for another processor.
  arm=$root/build-aarch64
  arm_log=$arm/meson-logs/testlog.json
  rm -f "$arm_log"
  if { [ -f "$arm/build.ninja" ] ||
    /usr/bin/meson setup "$arm" "$root" --cross-file "$root/cross/aarch64-linux-gnu.ini" \
      -Delement=false -Dlibtorch=disabled -Dsentencepiece=disabled; } && /usr/bin/ninja -C "$arm"; then
    /usr/bin/meson test -C "$arm" --print-errorlogs --no-rebuild || true
    cat "$arm_log" >>"$log"
  else
    failed="$failed aarch64"
  fi
fi

# shellcheck disable=SC2086 # no word where nothing else has failed
exec python3 "$root/tests/totals.py" "$log" $failed
