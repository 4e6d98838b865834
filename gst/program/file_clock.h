// SPDX-License-Identifier: LGPL-2.1-or-later
/// Time in a file that may consist of several parts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <kyutaistt/audio.h>

namespace kyutaistt::program {

/// Joins the parts of a file, each with a clock of its own; within one `AudioClock` has found out
/// what joins. Not thread-safe.
class FileClock {
 public:
  /// How audio joins what was read before.
  struct Joint {
    /// The time of the first sample, where it does not follow.
    std::optional<Time> timestamp;
    /// A short stretch that is lost before it, and is to be heard as silence.
    Time silence{};
  };

  /// Takes the next audio: so many samples, which belong to `position` if they do not follow.
  Joint take(std::optional<Time> position, size_t samples, bool begins_part);
  /// Where the audio that was taken ends.
  Time now() const;

 private:
  /// The next sample follows `anchor_` by so many.
  Time anchor_{};
  int64_t samples_ = 0;
  /// What is added to the container's positions since its clock began anew.
  Time shift_{};
  bool begun_ = false;
};

}  // namespace kyutaistt::program
