// SPDX-License-Identifier: LGPL-2.1-or-later
/// One step of the engine: a frame of every context that has one to hear.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <kyutaistt/events.h>

#include "engine/audio_queue.h"
#include "engine/model_state.h"
#include "engine/stream_context.h"
#include "engine/stream_state.h"

namespace kyutaistt::engine {

/// One stream's part in a step.
struct Turn {
  std::shared_ptr<StreamState> stream;
  /// The stream's generation when its part was taken.
  uint64_t generation = 0;
  /// All contexts are forgotten, and a new one begins with these tokens forced: after a reset.
  std::optional<decode::ForcedTokens> restart;
  /// Taken from the stream's queue: the end of the running context, and a frame for it or for the
  /// one that follows. Neither if only contexts that have ended go on.
  std::optional<ContextEnd> end;
  std::optional<QueuedFrame> frame;
  std::span<const float> samples;

  // Filled in by `compute`.

  /// Frames that went through the model, silence included.
  uint64_t frames = 0;
  /// Fresh contexts that took over.
  uint64_t relays = 0;
  /// What is to be delivered of each text.
  std::vector<TextEvents> events;
  /// Why the stream cannot go on; success while it can.
  Status failure;
};

/// The turns of a step and the memory that they share. Used by the worker alone.
class Batch {
 public:
  std::vector<Turn> turns;
  /// Room for one frame of every turn; their samples lie in here.
  std::vector<float> samples;

  struct Durations {
    std::chrono::nanoseconds codec{};
    std::chrono::nanoseconds language_model{};
  };

  /// Runs every turn through the model and fills in what came of it. If computing fails as a whole,
  /// all turns fail.
  Durations compute(const ModelState &model);

 private:
  /// One context that hears a frame.
  struct Row {
    Turn *turn;
    StreamContext *context;
    std::span<const float> samples;

    bool is_running() const { return context == &turn->stream->contexts.running(); }
  };

  /// One position of the language model: of one text of a row.
  struct Position {
    Turn *turn;
    lm::LanguageModelState *state;
    ContextText *text;
    /// What is heard there; empty for the start.
    std::span<const int32_t> codes;
  };

  void begin_contexts(Turn &turn);
  /// Fills `rows_` with the contexts that hear a frame in this step.
  void begin_frames();
  /// The fresh contexts of streams that have one, or begin one now, hear what the stream hears.
  void add_fresh_contexts(const ModelState &model);
  /// One more row for the codec.
  void add_to_codec(mimi::EncoderState &state, std::span<const float> heard);
  Status compute_frames(const ModelState &model, Durations &durations);
  /// Computes these positions, no two of one text.
  void step_language_model(const ModelState &model, std::span<const Position> positions);
  /// The row's frame has been computed.
  void finish_frame(const Row &row);

  // Reused from step to step.
  std::vector<Row> rows_;
  /// Relays whose fresh context hears the frame too.
  std::vector<Relay *> relays_;
  /// What the codec computes: first the rows, then the fresh contexts.
  std::vector<float> codec_samples_;
  std::vector<mimi::EncoderState *> encoder_states_;
  /// Positions of fresh contexts, which ride on the next step of the language model.
  std::vector<lm::StepInput> fresh_rows_;

  SpareStates spares_;
};

}  // namespace kyutaistt::engine
