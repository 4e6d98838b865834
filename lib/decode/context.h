// SPDX-License-Identifier: LGPL-2.1-or-later
/// The decoder of one stream: from the codes of its frames to words with times.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <kyutaistt/events.h>
#include <kyutaistt/model_info.h>
#include <kyutaistt/options.h>
#include <kyutaistt/status.h>

#include "decode/timeline.h"
#include "ops/operations.h"
#include "text/tokenizer.h"
#include "text/word_builder.h"

namespace kyutaistt::decode {

/// What one run of the language model has heard and written: from the start of a stream, or from a
/// drain, to the next drain. Words are numbered from 0. It decides what each position is fed and
/// what its output means; the caller computes, so that many contexts go into one batch.
///
/// For each frame: `begin_frame`; if `needs_start()` a position without audio; if `hears_frame()` a
/// position with it. What a position computes from `text_input()` is passed to `accept`. Not
/// thread-safe; owned by the engine's worker.
class Context {
 public:
  /// `model` must outlive the context. `forced`: the tokens from position 0 on that are not the
  /// model's choice.
  Context(const ModelInfo &model, std::shared_ptr<const text::Tokenizer> tokenizer,
          Time word_end_cap, bool report_steps, std::vector<int32_t> forced);

  /// From now on another run of the language model computes the output (`Step::relayed`).
  void hand_over() noexcept { relayed_ = true; }

  /// A frame whose first sample was heard at `start` comes next. `origin`: time of the context's
  /// first real sample; only used for the first frame. `end`: where its last real sample ends,
  /// given with the frame in which that is, or with the next one.
  void begin_frame(Time start, Time origin, std::optional<Time> end);

  /// True until position 0 has been computed.
  bool needs_start() const noexcept { return position_ == 0; }
  /// False for a frame that the alignment never shows to the language model.
  bool hears_frame() const noexcept;
  /// As given at the start.
  const std::vector<int32_t> &forced() const noexcept { return forced_; }
  /// Text id to feed at the next position.
  int32_t text_input() const noexcept { return text_input_; }
  /// The token of a position after the next one, 0 for that one, if it is already known.
  std::optional<int32_t> forced_token(size_t ahead) const noexcept;

  /// The model's choice for the position just computed (any, if it was forced), and the codes heard
  /// there (none at position 0). Appends what became known to `events`. Fails if the probability is
  /// not a number: the model's state is broken.
  Status accept(const ops::Choice &choice, std::span<const int32_t> codes,
                std::vector<Event> &events);

  /// How far the text has come; reported after every frame.
  Progress progress() const;

  /// Nothing more follows: closes the last word.
  void finish(std::vector<Event> &events);

 private:
  void append_words(std::vector<Event> &events);
  /// Time of a point in steps of the word builder.
  Time time_at(double step) const;

  const ModelInfo &model_;
  const bool report_steps_;
  /// Frames that a position is ahead of its number, by the alignment.
  const int64_t frame_lead_;
  text::WordBuilder words_;
  Timeline timeline_;
  const std::vector<int32_t> forced_;
  int32_t text_input_;
  bool relayed_ = false;
  int64_t position_ = 0;
  int64_t frames_ = 0;
  uint64_t next_word_ = 0;
  Time last_start_{};
  /// Reused between calls.
  std::vector<text::WordEvent> word_events_;
};

}  // namespace kyutaistt::decode
