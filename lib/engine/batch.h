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
#include "engine/catch_up.h"
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
  /// Taken from the stream's queue: the end of the running context, and frames for it or for the
  /// one that follows. Neither if only contexts that have ended go on, or if the running one has
  /// not computed what it was given.
  std::optional<ContextEnd> end;
  std::vector<QueuedFrame> queued;
  /// Of these frames.
  std::span<const float> samples;
  /// Where no context hears anything: how far that goes before these frames, and what was dropped
  /// there.
  std::optional<Time> reached;
  std::vector<Dropped> dropped;

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
  /// Frames that may be taken beside one of every context (see engine/catch_up.h).
  size_t extra_frames = 0;

  /// Makes room for a step of so many turns and extra frames.
  void begin_taking(size_t turn_count, size_t extra);
  /// Room for one more frame of the turn that was added last.
  std::span<float> add_samples(Turn &turn);

  struct Durations {
    std::chrono::nanoseconds codec{};
    std::chrono::nanoseconds language_model{};
  };

  /// Runs every turn through the model and fills in what came of it. If computing fails as a whole,
  /// all turns fail.
  Durations compute(const ModelState &model);

 private:
  /// One context that has frames.
  struct Row {
    Turn *turn = nullptr;
    StreamContext *context = nullptr;
    /// How many of the frames are tried.
    size_t tried = 0;

    bool is_running() const { return context == &turn->stream->contexts.running(); }
  };

  /// Positions of the language model: of one text of a row.
  struct Positions {
    const Row *row = nullptr;
    size_t text = 0;
    /// Position 0, before the frames and without audio.
    bool is_start = false;

    // Filled in by the step.

    std::optional<Attempt> fed{};
    std::vector<ops::Choice> choices{};
  };

  void begin_contexts(Turn &turn);
  /// Fills `rows_` with the contexts that have frames, and gives them what is new.
  void begin_frames();
  /// The codec hears what is new.
  void encode(const ModelState &model);
  /// The relay of a running context hears what is new. `may_begin`: one of them may begin a fresh
  /// context, and then is set to false.
  void hear_beside(const ModelState &model, const Row &row, bool &may_begin);
  void begin_fresh_contexts(const ModelState &model);
  Status compute_frames(const ModelState &model, Durations &durations);
  /// How many frames of a row are tried; the first of them begins.
  void begin_row(Row &row);
  /// Computes these positions, no two of one text.
  void step_language_model(const ModelState &model, std::span<Positions> all);
  /// What was written at one of these positions is final.
  static void accept(const Positions &positions, size_t index);
  /// Accepts of a row's frames those that were fed the right tokens, and forgets the rest. `texts`:
  /// its positions; none if this frame is not shown to the language model.
  void settle(const Row &row, std::span<const Positions> texts);
  /// A row's first frame is final.
  void finish_frame(const Row &row, const FrameAhead &frame);

  // Reused from step to step.
  std::vector<float> samples_;
  size_t taken_samples_ = 0;
  std::vector<Row> rows_;
  /// What the codec computes: first the rows' frames, then the same ones for fresh contexts.
  std::vector<float> codec_samples_;
  std::vector<mimi::EncoderState *> encoder_states_;
  std::vector<std::vector<int32_t> *> codes_;
  /// Relays with positions that ride on the next step of the language model.
  std::vector<Relay *> relays_;

  SpareStates spares_;
};

}  // namespace kyutaistt::engine
