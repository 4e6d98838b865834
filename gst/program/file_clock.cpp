// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/file_clock.h"

#include "common/audio_clock.h"

namespace kyutaistt::program {

Time FileClock::now() const {
  return anchor_ + duration_of(samples_);
}

Time FileClock::take(std::optional<Time> position, size_t samples, bool begins_part) {
  Time silence{};
  if (position) {
    const Time ahead = *position + shift_ - now();
    if (ahead < -AudioClock::certainty) {
      // A clock that restarted: the audio follows what came before.
      shift_ -= ahead;
    } else {
      // Short holes within a part have been filled; this is one between parts, or before the first.
      const bool is_hole = ahead > AudioClock::tolerance && ahead <= AudioClock::max_silence;
      silence = begun_ && begins_part && is_hole ? ahead : Time();
      anchor_ = now() + ahead;
      samples_ = 0;
    }
  }
  samples_ += static_cast<int64_t>(samples);
  begun_ = true;
  return silence;
}

}  // namespace kyutaistt::program
