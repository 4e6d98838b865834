// SPDX-License-Identifier: LGPL-2.1-or-later
/// The last seconds that a context has heard.
#pragma once

#include <algorithm>
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
  bool empty() const noexcept { return frames_.empty(); }
  /// Time of the first sample that is kept, if any is.
  Time start() const noexcept { return start_; }

  /// The last frames that are kept, as many as `max_frames`.
  struct Part {
    Time start{};
    std::vector<float> samples;
  };
  Part last(int64_t max_frames) const {
    const int64_t left_out =
        std::max<int64_t>(static_cast<int64_t>(frames_.size()) - max_frames, 0);
    Part part{start_ + left_out * frame_duration, {}};
    for (auto i = static_cast<size_t>(left_out); i < frames_.size(); ++i) {
      part.samples.insert(part.samples.end(), frames_[i].begin(), frames_[i].end());
    }
    return part;
  }

 private:
  std::deque<std::vector<float>> frames_;
  Time start_{};
};

}  // namespace kyutaistt::engine
