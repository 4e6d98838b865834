// SPDX-License-Identifier: LGPL-2.1-or-later
/// The cues of a stream.
#pragma once

#include <vector>

#include <kyutaistt/events.h>

#include "captions/cue_shaper.h"

namespace kyutaistt::program {

/// Makes them from events. Not thread-safe.
class HeardCues {
 public:
  explicit HeardCues(const captions::CueShape &shape) : shaper_(shape) {}

  void add(const Event &event);
  /// No more events follow.
  void finish() { shaper_.finish(); }
  /// Those that became ready since the last call.
  std::vector<captions::Cue> take() { return shaper_.take(); }

 private:
  captions::CueShaper shaper_;
};

}  // namespace kyutaistt::program
