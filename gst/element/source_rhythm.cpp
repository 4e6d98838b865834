// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element/source_rhythm.h"

#include <algorithm>
#include <utility>

namespace kyutaistt::element {

void SourceRhythm::reset() {
  const MutexLock lock(mutex_);
  last_.reset();
  longest_ = {};
  longest_before_ = {};
  memory_begin_ = {};
}

void SourceRhythm::note(std::optional<Time> now, Time length) {
  const MutexLock lock(mutex_);
  Time step = length;
  if (now && last_ && *now - *last_ <= max_interval) {
    step = std::max(step, *now - *last_);
  }
  if (now && *now - memory_begin_ > memory) {
    longest_before_ = std::exchange(longest_, Time());
    memory_begin_ = *now;
  }
  longest_ = std::max(longest_, step);
  last_ = now;
}

bool SourceRhythm::has_stopped(Time now) {
  const MutexLock lock(mutex_);
  if (!last_) {
    last_ = now;
  }
  return now - *last_ > std::max(longest_, longest_before_) + patience;
}

}  // namespace kyutaistt::element
