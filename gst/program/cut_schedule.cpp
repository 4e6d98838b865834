// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/cut_schedule.h"

#include <algorithm>

namespace kyutaistt::program {

namespace {

/// In a pause the level is so many decibels below the loudest speech,
constexpr float pause_depth = 30;
/// and no higher than this: after loud music, speech is not taken for a pause.
constexpr float max_pause_level = -40;

}  // namespace

bool CutSchedule::is_quiet(float level) {
  return voice_.hear(level) >= pause_depth && level <= max_pause_level;
}

std::optional<int64_t> CutSchedule::hear(float level) {
  quiet_.push_back(is_quiet(level));
  pause_frames_ = quiet_.back() ? pause_frames_ + 1 : 0;
  std::optional<int64_t> cut;
  if (frames() == usual_frames) {
    cut = middle_of_longest_pause();
  } else if (frames() > usual_frames && pause_frames_ == min_pause_frames) {
    cut = frames() - min_pause_frames / 2;
  }
  if (cut) {
    quiet_.erase(quiet_.begin(), quiet_.begin() + static_cast<std::ptrdiff_t>(*cut));
    pause_frames_ = std::min(pause_frames_, frames());
  }
  return cut;
}

int64_t CutSchedule::settled() const {
  return frames() < usual_frames ? std::min(frames(), min_frames)
                                 : frames() - std::min(pause_frames_, min_pause_frames);
}

std::optional<int64_t> CutSchedule::middle_of_longest_pause() const {
  std::optional<int64_t> middle;
  int64_t longest = min_pause_frames;
  int64_t pause = 0;
  for (int64_t frame = min_frames; frame < frames(); ++frame) {
    pause = quiet_[static_cast<size_t>(frame)] ? pause + 1 : 0;
    // Of equal pauses the last: fewer pieces are less work.
    if (pause >= longest) {
      longest = pause;
      middle = frame + 1 - pause / 2;
    }
  }
  return middle;
}

}  // namespace kyutaistt::program
