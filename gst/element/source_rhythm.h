// SPDX-License-Identifier: LGPL-2.1-or-later
/// When a live source has stopped.
#pragma once

#include <optional>

#include <kyutaistt/audio.h>

#include "base/mutex.h"

namespace kyutaistt::element {

/// Knows how often a source gives audio: by how much comes at once, and how long it took until more
/// came. A source has stopped when it is silent for much longer.
///
/// Threads: any.
class SourceRhythm {
 public:
  /// Beyond what its rhythm explains, a source is silent for so long before it has stopped: pauses
  /// of a network or a busy machine are shorter.
  static constexpr Time patience = std::chrono::seconds(2);

  void reset();
  /// So much audio came at this time of the pipeline's clock, or while that stood.
  void note(std::optional<Time> now, Time length);
  /// What came while the clock stood counts as having come when this is asked next.
  bool has_stopped(Time now);

 private:
  /// The rhythm is that of the last one to two of these.
  static constexpr Time memory = std::chrono::seconds(15);
  /// A longer silence is no rhythm.
  static constexpr Time max_interval = std::chrono::seconds(10);

  Mutex mutex_;
  /// When audio came last; unset if the clock stood.
  std::optional<Time> last_ KYUTAISTT_GUARDED_BY(mutex_);
  /// The longest that one step took, since `memory_begin_` and in the time before.
  Time longest_ KYUTAISTT_GUARDED_BY(mutex_){};
  Time longest_before_ KYUTAISTT_GUARDED_BY(mutex_){};
  Time memory_begin_ KYUTAISTT_GUARDED_BY(mutex_){};
};

}  // namespace kyutaistt::element
