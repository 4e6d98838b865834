// SPDX-License-Identifier: LGPL-2.1-or-later
/// Audio of one stream that waits for the model, cut into frames.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include <kyutaistt/events.h>
#include <kyutaistt/options.h>

#include "decode/prompt.h"

namespace kyutaistt::engine {

/// Samples beyond it are cut off: twenty decibels above full scale.
inline constexpr float greatest_sample = 10;

/// A place in the audio where a context ends.
struct ContextEnd {
  /// As given to `Stream::drain`.
  std::optional<uint64_t> marker{};
  /// Tokens forced from then on, if the prompt changes.
  std::optional<decode::ForcedTokens> forced{};

  // Filled in by the queue.

  /// The stream did not ask for it: what is heard next belongs to what was heard before.
  bool is_seamless = false;
  /// Why nothing more is expected of the context, if that is so.
  std::optional<Renewed> renewed{};
  /// Audio that was dropped just before it.
  std::vector<Dropped> dropped{};
  /// Frames of silence that the context has yet to hear for its last word to come, and the time of
  /// the first one. None for a context without audio.
  int64_t silent_frames = 0;
  Time silence_start{};
  /// Time after the context's last real sample, unless it lay within the last frame.
  std::optional<Time> audio_end{};
};

/// What a frame brings beside its samples.
struct QueuedFrame {
  /// Of its samples, see `level_of`.
  float level = 0;
  /// Time of its first sample.
  Time start{};
  /// Time of the first real sample of its context.
  Time origin{};
  /// Time after the last real sample of the context, if it lies within this frame.
  std::optional<Time> end;
  /// Audio that was dropped just before or inside of it.
  std::vector<Dropped> dropped;
};

/// A queue of samples, dropped stretches and context ends. It adds what the model wants to hear
/// around a context's audio: silence before it (the prefix) and after it (the tail: the delay and a
/// second, as transformers' feature extractor does). The last frame of audio is filled up with
/// silence; as many whole frames as are left of the tail come with the context's end.
/// Not thread-safe. Cost: a copy of each sample in and one out.
class AudioQueue {
 public:
  struct Shape {
    int64_t prefix_samples = 0;
    int64_t tail_samples = 0;
    /// The first frame of a context comes twice (`Alignment::Hf`).
    bool repeat_first_frame = false;
  };

  explicit AudioQueue(const Shape &shape) : shape_(shape) {}

  /// Appends samples; without a timestamp, or with one that is no more than a sample off, they
  /// follow the ones before. Timestamps must be within 146 years of 0, so that no difference of two
  /// overflows.
  void push(std::span<const float> samples, std::optional<Time> timestamp);
  /// Notes that `samples` were not pushed but lost, at the same place as a `push` would have put
  /// them; the clock moves on over them.
  void push_dropped(int64_t samples, std::optional<Time> timestamp);
  void push_end(ContextEnd end);
  /// The running context ends where it is, and a new one begins with the next sample. Nothing
  /// happens between contexts.
  void end_here();

  /// As `end_here`, but the new context leaves frames out before it begins.
  void end_here_and_wait();
  /// No frame of the context has been taken.
  bool is_between_contexts() const noexcept { return first_frame_; }
  /// Takes the next frame, which no context hears. Only between contexts, if `next()` is `Frame`.
  QueuedFrame leave_out_frame(std::span<float> samples);
  /// The context begins with `samples`, which were left out: the first one is of time `start`. They
  /// do not count as waiting. Only between contexts.
  void begin_with(std::vector<float> samples, Time start);
  /// The running context ends where it is, without hope of more text, and a new one begins with
  /// `samples`, which were taken before: the first one is of the position in `renewed`. They do not
  /// count as waiting. Only within a context.
  void hear_again(std::vector<float> samples, const Renewed &renewed);
  /// Forgets everything. Audio that follows starts a new context.
  void clear();

  /// Pushed samples that wait.
  int64_t samples() const noexcept { return samples_; }

  enum class Next { Nothing, Frame, ContextEnd };
  Next next() const noexcept;
  /// Only if `next()` is `Frame`. `samples` has room for one frame.
  QueuedFrame pop_frame(std::span<float> samples);
  /// Only if `next()` is `ContextEnd`.
  ContextEnd pop_end();

 private:
  struct Run {
    std::vector<float> samples;
    size_t taken = 0;
    /// Time of the run's first sample: `anchor` and this many samples.
    Time anchor{};
    int64_t offset = 0;
    /// Of the queue's own making: such samples were not pushed.
    bool injected = false;
  };
  using Item = std::variant<Run, Dropped, ContextEnd>;

  /// Silence that a context hears before its audio, which begins at `origin`.
  void put_prefix_first(Time origin);
  void put_end_first(Time origin, std::optional<Renewed> renewed);
  static Time time_of(Time anchor, int64_t samples);
  /// Sets the place of the next sample from a push's timestamp, and begins a context if none is.
  void place(std::optional<Time> timestamp);
  void append(std::span<const float> samples);
  /// Fills `frame` from the queue's front; returns how much of it the queue had.
  size_t take(std::span<float> frame, QueuedFrame &result);

  const Shape shape_;
  std::deque<Item> items_;
  int64_t samples_ = 0;

  // Where the next pushed sample belongs.
  Time anchor_{};
  int64_t offset_ = 0;
  /// A context has begun with the last pushed sample, or before.
  bool pushing_context_ = false;

  // Of the context at the queue's front.
  std::deque<Time> origins_;
  /// Silence that its last frame was filled up with.
  int64_t filled_up_ = 0;
  bool first_frame_ = true;
  /// Place after the last sample that was taken: an anchor and so many samples.
  Time taken_anchor_{};
  int64_t taken_offset_ = 0;
};

}  // namespace kyutaistt::engine
