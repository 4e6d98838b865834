// SPDX-License-Identifier: LGPL-2.1-or-later
/// One step of the engine: a frame, or the end of a context, of every stream that has one.
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
#include "engine/stream_state.h"

namespace kyutaistt::engine {

/// One stream's part in a step.
struct Turn {
  std::shared_ptr<StreamState> stream;
  /// The stream's generation when its part was taken.
  uint64_t generation = 0;
  /// The context is to begin anew, with these tokens forced: after a reset or at the stream's
  /// start.
  std::optional<std::vector<int32_t>> restart;
  /// What was taken: the end of a context, or else a frame.
  std::optional<ContextEnd> end;
  QueuedFrame frame;
  /// Fresh contexts that took over.
  uint64_t relays = 0;
  /// What is to be delivered.
  std::vector<Event> events;
  /// Set by `compute` if the stream cannot go on.
  Status failure;
};

/// The turns of a step and the memory that they share. Used by the worker alone.
class Batch {
 public:
  std::vector<Turn> turns;
  /// One frame for each turn, at the turn's index.
  std::vector<float> samples;

  struct Durations {
    std::chrono::nanoseconds codec{};
    std::chrono::nanoseconds language_model{};
  };

  /// Runs every turn through the model and fills its events. If computing fails as a whole, every
  /// turn with a frame fails.
  Durations compute(const ModelState &model);

 private:
  /// A stream's context begins anew.
  void restart(StreamState &stream, std::vector<int32_t> forced);
  void end_contexts();
  /// Begins fresh contexts, and has those that run hear their streams' frames: fills `relays_`.
  void add_fresh_contexts(const ModelState &model);
  Status compute_frames(const ModelState &model, Durations &durations);
  /// One position of the language model for these turns. `codes`: [turns, codebooks], or empty for
  /// the start.
  void step_language_model(const ModelState &model, std::span<Turn *const> turns,
                           std::span<const int32_t> codes);

  // Reused from step to step: turns with a frame, and their samples and states in the same order.
  std::vector<Turn *> hearing_;
  std::vector<float> frame_samples_;
  std::vector<mimi::EncoderState *> encoder_states_;
  /// Of the turns that have a fresh context, in order. Their samples and states are after those of
  /// all turns; their rows go with the streams' next step of the language model.
  std::vector<Relay *> relays_;
  std::vector<lm::StepInput> fresh_rows_;
  /// States of contexts that have ended, for the next fresh ones. As many as ever ran at once.
  std::vector<ContextState> spares_;
};

}  // namespace kyutaistt::engine
