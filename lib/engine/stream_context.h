// SPDX-License-Identifier: LGPL-2.1-or-later
/// A stream's contexts of the model: the running one, and those that have ended and are waited for.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include <kyutaistt/events.h>
#include <kyutaistt/options.h>

#include "decode/context.h"
#include "engine/audio_queue.h"
#include "engine/model_state.h"

namespace kyutaistt::engine {

/// What the codec and the language model remember of one run. Setting frame and position to 0
/// starts a new one.
struct ContextState {
  std::unique_ptr<mimi::EncoderState> encoder;
  std::unique_ptr<lm::LanguageModelState> language_model;
};
ContextState make_context_state(const ModelState &model);

/// States that no context uses now, for the next ones. Used by the engine's worker alone.
class SpareStates {
 public:
  /// One that is set to its start.
  ContextState take(const ModelState &model);
  /// Keeps a state, if there is one.
  void give_back(ContextState state);

 private:
  /// As many as ever were used at once besides those that are.
  std::vector<ContextState> states_;
};

/// One context, and what it wrote that is not delivered yet.
struct StreamContext {
  decode::Context decoder;
  ContextState state;
  std::vector<Event> events;
};

/// The contexts of one stream, in the order in which they began. The last one hears the stream; the
/// others have ended: each hears the silence that its last words take, beside the running one, so
/// that what is spoken next is neither held up nor lost. What they write is delivered in order: the
/// events of a context are kept until all before it have finished.
///
/// Used by the engine's worker alone. Memory: a `ContextState` each.
class StreamContexts {
 public:
  /// `model` must outlive it. Begins the first context.
  StreamContexts(const ModelState &model, const StreamOptions &options,
                 std::vector<int32_t> forced);

  StreamContext &running() noexcept { return contexts_.back().context; }

  /// Forgets all contexts and begins a new one.
  void restart(std::vector<int32_t> forced, SpareStates &spares);
  /// The running context has ended: it is finished in silence, and another one begins.
  void end(ContextEnd end, SpareStates &spares);

  /// The next frame of silence begins for all contexts that have ended and have some to hear:
  /// returns those.
  std::vector<StreamContext *> begin_silent_frame();

  /// Moves what can be delivered to `events`, in order, and lets go of finished contexts.
  void deliver(std::vector<Event> &events, SpareStates &spares);

  /// Contexts that have ended and are not finished.
  size_t unfinished() const noexcept { return contexts_.size() - 1; }

 private:
  struct Entry {
    StreamContext context;
    /// None for the running one.
    std::optional<ContextEnd> end;
    /// Frames of silence that it has heard since.
    int64_t silent_frames = 0;
    /// What it writes is no earlier: the text of contexts before it has come so far.
    Time earliest = Time::min();
  };

  void begin(std::vector<int32_t> forced, ContextState state);
  /// Numbers and times as the stream has them.
  void place(const Entry &entry, Event &event);

  const ModelState &model_;
  const bool report_steps_;
  const Time word_end_cap_;
  std::deque<Entry> contexts_;
  /// Number of the next word that is delivered, and of the oldest context's first one.
  uint64_t next_word_ = 0;
  uint64_t first_word_ = 0;
  /// As delivered last.
  Time progress_ = Time::min();
};

}  // namespace kyutaistt::engine
