// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element/text_segment.h"

namespace kyutaistt::element {

namespace {

/// Time in the segment at running time 0.
Time origin_of(const GstSegment &segment) {
  return Time(static_cast<int64_t>(segment.start + segment.offset)) -
         Time(static_cast<int64_t>(segment.base));
}

}  // namespace

void TextSegment::reset() {
  audio_.reset();
  text_.reset();
  shift_ = {};
}

void TextSegment::set(const GstSegment &segment) {
  audio_ = segment;
  text_ = segment;
  shift_ = {};
}

bool TextSegment::go_on(const GstSegment &segment, Time last) {
  const bool is_plain = segment.rate == 1 && text_->rate == 1;
  const Time shift = origin_of(*text_) - origin_of(segment);
  if (!is_plain || Time(segment.start) + shift < last) {
    return false;
  }
  audio_ = segment;
  shift_ = shift;
  // It ends with the last of the audio's.
  text_->stop = GST_CLOCK_TIME_NONE;
  text_->duration = GST_CLOCK_TIME_NONE;
  return true;
}

void TextSegment::delay(GstClockTimeDiff by) {
  audio_->base += static_cast<guint64>(by);
  text_->base += static_cast<guint64>(by);
}

}  // namespace kyutaistt::element
