// SPDX-License-Identifier: LGPL-2.1-or-later
/// From frames of a context to times of the pushed audio.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include <kyutaistt/audio.h>

namespace kyutaistt::decode {

/// Knows when each frame of a context was heard. Audio may have gaps and jumps; only their places
/// are kept. A plain value without thread rules.
class Timeline {
 public:
  /// Forgets everything: the next frame is frame 0. `origin` is the time of the first real sample;
  /// no result is earlier.
  void reset(Time origin);

  /// The next frame's first sample was heard at `start`.
  void append(Time start);

  /// The audio ends at `end`, within the next frame: what follows is injected silence, during which
  /// the clock stands still.
  void end_audio(Time end);

  /// Time of a point in steps (frames) since frame 0; between frames, and after the last one, the
  /// clock runs on until the audio ends.
  Time at(double step) const;

  /// Discards what is only needed for points before `step`.
  void forget_before(double step);

 private:
  struct Anchor {
    int64_t frame;
    Time start;
  };

  Time origin_{};
  int64_t frames_ = 0;
  /// Frames whose time does not follow from the one before, in order.
  std::deque<Anchor> anchors_;
  /// The frame in which the audio ends, and when it does.
  std::optional<Anchor> end_;
};

}  // namespace kyutaistt::decode
