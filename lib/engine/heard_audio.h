// SPDX-License-Identifier: LGPL-2.1-or-later
/// The last seconds that a context has heard.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <utility>
#include <vector>

#include <kyutaistt/audio.h>

namespace kyutaistt::engine {

/// Keeps frames, so that they can be heard again. Not thread-safe.
class HeardAudio {
 public:
  /// One more frame, of which as many as `max_frames` are kept. Audio that does not follow from the
  /// last frame, and a new context, begin anew.
  void push(std::span<const float> samples, Time start, int64_t max_frames) {
    if (max_frames == 0) {
      return;
    }
    if (!frames_.empty() &&
        start != start_ + static_cast<int64_t>(frames_.size()) * frame_duration) {
      clear();
    }
    if (frames_.empty()) {
      start_ = start;
    }
    std::vector<float> memory;
    if (static_cast<int64_t>(frames_.size()) >= max_frames) {
      memory = std::move(frames_.front());
      frames_.pop_front();
      start_ += frame_duration;
    }
    memory.assign(samples.begin(), samples.end());
    frames_.push_back(std::move(memory));
  }
  void clear() { frames_.clear(); }

  /// Time of the first sample that is kept.
  Time start() const noexcept { return start_; }
  /// All that is kept, in one piece.
  std::vector<float> samples() const {
    std::vector<float> all;
    all.reserve(frames_.size() * static_cast<size_t>(samples_per_frame));
    for (const std::vector<float> &frame : frames_) {
      all.insert(all.end(), frame.begin(), frame.end());
    }
    return all;
  }

 private:
  std::deque<std::vector<float>> frames_;
  Time start_{};
};

}  // namespace kyutaistt::engine
