// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/piece_cutter.h"

#include <algorithm>

#include <kyutaistt/voice_level.h>

namespace kyutaistt::program {

void PieceCutter::push(std::span<const float> samples, Time start) {
  int64_t taken = 0;
  while (!samples.empty()) {
    const auto count =
        std::min(samples.size(), static_cast<size_t>(samples_per_frame) - frame_.size());
    const auto part = samples.first(count);
    frame_.insert(frame_.end(), part.begin(), part.end());
    held_.push_back({start + duration_of(taken), {part.begin(), part.end()}});
    taken += static_cast<int64_t>(count);
    samples = samples.subspan(count);
    if (frame_.size() == samples_per_frame) {
      hear_frame();
    }
  }
}

void PieceCutter::finish() {
  const bool has_samples = !held_.empty();
  while (!held_.empty()) {
    release(static_cast<int64_t>(held_.front().samples.size()));
  }
  if (has_samples) {
    ready_.back().ends_piece = true;
  }
}

void PieceCutter::hear_frame() {
  const float level = level_of(frame_);
  frame_.clear();
  if (const auto cut = schedule_.hear(level)) {
    release(*cut * samples_per_frame - released_);
    ready_.back().ends_piece = true;
    released_ = 0;
  }
  release(schedule_.settled() * samples_per_frame - released_);
}

void PieceCutter::release(int64_t count) {
  // A frame is held in whole sections, and cuts are between frames.
  while (count > 0) {
    const auto size = static_cast<int64_t>(held_.front().samples.size());
    ready_.push_back(std::move(held_.front()));
    held_.pop_front();
    released_ += size;
    count -= size;
  }
}

}  // namespace kyutaistt::program
