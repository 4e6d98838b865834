// SPDX-License-Identifier: LGPL-2.1-or-later
/// Live audio that comes while the model is being loaded.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <variant>

#include <kyutaistt/events.h>

#include "common/audio_input.h"
#include "common/pointers.h"

namespace kyutaistt::element {

/// Keeps the newest audio, and the events between, until there is a stream to take them. What is
/// too much is dropped in whole frames, as the stream does, and noted where it is missing.
///
/// A plain value without thread rules.
class EarlyInput {
 public:
  using Item = std::variant<AudioInput::Audio, Dropped, EventPointer>;

  /// A new start: no more than so much audio is kept, but what comes at once stays whole.
  void reset(Time capacity);
  /// Forgets what is kept.
  void clear();

  void put(AudioInput::Audio audio);
  void put(EventPointer event);
  /// The first of what is left, in the order in which it came.
  std::optional<Item> take();

  bool is_empty() const { return items_.empty(); }
  /// Audio that is kept.
  Time queued() const { return duration_of(samples_); }
  /// Since the last `reset`.
  uint64_t dropped_frames() const { return dropped_frames_; }

 private:
  struct Lost {
    Time position{};
    int64_t samples = 0;
  };
  using Kept = std::variant<AudioInput::Audio, Lost, EventPointer>;

  /// Drops a frame where the audio begins.
  void drop_frame();

  std::deque<Kept> items_;
  int64_t capacity_ = 0;
  std::atomic<int64_t> samples_ = 0;
  std::atomic<uint64_t> dropped_frames_ = 0;
  /// Time after the last audio.
  Time end_{};
};

}  // namespace kyutaistt::element
