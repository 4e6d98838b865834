// SPDX-License-Identifier: LGPL-2.1-or-later
/// Which of a film's audio tracks is heard.
#pragma once

#include <string>
#include <vector>

#include <gst/gst.h>

#include <kyutaistt/status.h>

namespace kyutaistt::program {

/// An audio track, as its container describes it.
struct AudioTrack {
  std::string language;
  bool is_default = false;
};

/// What a decoder's pad says about its track.
AudioTrack track_of(GstPad *pad);

/// The index of the requested track, from 0 on: by its number from 1 on or its language; if
/// `wanted` is empty, the container's default, else the first.
Result<size_t> choose_track(const std::vector<AudioTrack> &tracks, const std::string &wanted);

/// The tracks in one line, and which of them is heard.
std::string describe_tracks(const std::vector<AudioTrack> &tracks, size_t heard);

}  // namespace kyutaistt::program
