// SPDX-License-Identifier: LGPL-2.1-or-later
/// A stream's way from one context of the model to the next.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "decode/relay_schedule.h"
#include "engine/model_state.h"
#include "engine/stream_context.h"

namespace kyutaistt::engine {

/// From time to time a fresh context begins beside the stream's own. It hears the same frames and
/// is fed the texts that the stream writes, until it knows enough of it to take over: no word is
/// lost or comes twice.
///
/// Used by the engine's worker alone. For each frame `hear`, perhaps `begin`, and, if a fresh
/// context is running, `hear_codes` and `write`. The latter two may come later, and `append_rows`
/// takes what has come together meanwhile. Memory: a second `ContextState` while one is.
class Relay {
 public:
  explicit Relay(const ModelInfo &info) : info_(info), schedule_(info, 0) {}

  /// A new context begins, with these tokens forced; if a text has none, or if the window has no
  /// room for it, the context is never handed over. Gives back the state of a relay that was under
  /// way.
  std::optional<ContextState> restart(decode::ForcedTokens forced);

  /// The stream is about to hear a frame of this level; `age`: positions of its context. True if a
  /// fresh context should begin with this frame.
  bool hear(float level, int64_t age);
  /// `fresh` is set to its start.
  void begin(ContextState fresh);

  bool is_enabled() const noexcept { return enabled_; }
  bool is_running() const noexcept { return fresh_.has_value(); }
  /// As of the frame that was heard last.
  const decode::RelaySchedule &schedule() const noexcept { return schedule_; }
  /// Of the fresh context, which hears the frame with the stream's.
  mimi::EncoderState *encoder_state() const noexcept { return fresh_->state.encoder.get(); }
  /// What the fresh context hears of the next frame. What its texts are fed there is known.
  void hear_codes(std::vector<int32_t> codes);
  /// What the stream wrote at this frame: a token of each text. `shares_audio` is the schedule's at
  /// the frame.
  void write(std::span<const int32_t> tokens, bool shares_audio);
  /// Adds the fresh context's positions that have not been computed. They refer to what is kept
  /// until `forget_rows`, after they have been.
  void append_rows(std::vector<lm::StepInput> &rows) const;
  void forget_rows() noexcept;

  /// Swaps the two contexts and gives back the old one. All rows must have been computed.
  ContextState take_over(ContextState &running);

 private:
  struct Waiting {
    int32_t token = 0;
    /// Null at the start.
    const std::vector<int32_t> *codes = nullptr;
  };
  struct FreshText {
    /// The last token.
    int32_t token = 0;
    /// The text has come to a word that the context hears from its start.
    bool follows = false;
    /// Positions that have not been computed.
    std::vector<Waiting> waiting{};
  };
  struct Fresh {
    ContextState state;
    std::vector<FreshText> texts;
    /// Of the frames whose positions have not been computed.
    std::deque<std::vector<int32_t>> codes;
    /// How many positions there have been.
    int64_t position = 0;
  };

  ContextState end();

  const ModelInfo &info_;
  bool enabled_ = false;
  decode::ForcedTokens forced_;
  decode::RelaySchedule schedule_;
  std::optional<Fresh> fresh_;
};

}  // namespace kyutaistt::engine
