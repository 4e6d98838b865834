// SPDX-License-Identifier: LGPL-2.1-or-later
#include "decode/timeline.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace kyutaistt::decode {

void Timeline::reset(Time origin) {
  origin_ = origin;
  frames_ = 0;
  anchors_.clear();
  end_.reset();
}

void Timeline::append(Time start) {
  const bool follows =
      !anchors_.empty() &&
      start == anchors_.back().start + (frames_ - anchors_.back().frame) * frame_duration;
  if (!follows) {
    anchors_.push_back({frames_, start});
  }
  ++frames_;
}

void Timeline::end_audio(Time end) {
  end_ = Anchor{frames_, end};
}

Time Timeline::at(double step) const {
  const auto after = std::find_if(anchors_.begin(), anchors_.end(), [&](const Anchor &anchor) {
    return static_cast<double>(anchor.frame) > step;
  });
  if (after == anchors_.begin()) {
    return origin_;
  }
  const Anchor &anchor = *std::prev(after);
  const double nanoseconds =
      (step - static_cast<double>(anchor.frame)) * static_cast<double>(frame_duration.count());
  Time time = anchor.start + Time(std::llround(nanoseconds));
  if (end_ && step >= static_cast<double>(end_->frame)) {
    time = std::min(time, end_->start);
  }
  return std::max(origin_, time);
}

void Timeline::forget_before(double step) {
  while (anchors_.size() > 1 && static_cast<double>(anchors_[1].frame) <= step) {
    anchors_.pop_front();
  }
}

}  // namespace kyutaistt::decode
