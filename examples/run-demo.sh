#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Subtitles from the sample recordings with the bundled model: installs what is missing (Debian 12),
# builds, runs GStreamer pipelines in both languages, and compares all samples with the reference.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build=${KYUTAISTT_BUILD:-$root/build-demo}

"$root/examples/install-packages.sh" \
  g++ meson ninja-build pkg-config nlohmann-json3-dev \
  libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev gstreamer1.0-tools \
  gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad python3

if [ ! -f "$build/build.ninja" ]; then
  echo "Building into $build (a minute or two, once) ..."
  /usr/bin/meson setup "$build" "$root" -Dtests=false >"$build.log" 2>&1 ||
    { cat "$build.log" >&2; exit 1; }
fi
/usr/bin/ninja -C "$build" >"$build.log" 2>&1 || { cat "$build.log" >&2; exit 1; }
rm -f "$build.log"

export GST_PLUGIN_PATH="$build/gst/element"
export GST_REGISTRY="$build/registry.bin"
export PATH="$build/gst/program:$PATH"

samples=$root/examples/samples
for domain in asr_is_is asr_is_en; do
  for name in forecast-01 forecast-07; do
    echo
    echo "== $name.flac, domain $domain"
    echo "   gst-launch-1.0 filesrc ! decodebin ! kyutaistt domain=$domain ! subparse ! srtenc ! filesink"
    subtitles=$build/$name.$domain.srt
    gst-launch-1.0 --quiet filesrc location="$samples/$name.flac" ! decodebin ! \
      kyutaistt model="$root/examples/model" domain="$domain" ! subparse ! srtenc ! \
      filesink location="$subtitles"
    python3 "$root/examples/show_subtitles.py" "$samples/manifest.json" "$name.flac" "$domain" \
      "$subtitles"
  done
done

exec python3 "$root/examples/compare.py" "$samples/manifest.json" "$root/examples/model"
