// SPDX-License-Identifier: LGPL-2.1-or-later
/// Time in a file that may consist of several parts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <kyutaistt/audio.h>

namespace kyutaistt::program {

/// Joins the parts of a file, each with a clock of its own; within a part, `AudioClock` has done
/// so. Not thread-safe.
class FileClock {
 public:
  /// Adds the next audio: so many samples, at `position` if they do not follow. Returns how much is
  /// missing before them, where that is to be replaced by silence.
  Time take(std::optional<Time> position, size_t samples, bool begins_part);
  /// Where the audio added so far ends.
  Time now() const;

 private:
  /// Samples between `anchor_` and the next one.
  Time anchor_{};
  int64_t samples_ = 0;
  /// Added to the container's positions since its clock restarted.
  Time shift_{};
  bool begun_ = false;
};

}  // namespace kyutaistt::program
