// SPDX-License-Identifier: LGPL-2.1-or-later
/// A stream's contexts of the model: the running one, and those that have ended and are waited for.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <kyutaistt/events.h>
#include <kyutaistt/options.h>

#include "decode/context.h"
#include "decode/prompt.h"
#include "engine/audio_queue.h"
#include "engine/catch_up.h"
#include "engine/model_state.h"

namespace kyutaistt::engine {

/// What the codec, and for each text the language model, remember of one run. Setting frame and
/// positions to 0 starts a new one.
struct ContextState {
  std::unique_ptr<mimi::EncoderState> encoder;
  std::vector<std::unique_ptr<lm::LanguageModelState>> language_models;
};
ContextState make_context_state(const ModelState &model, size_t texts);

/// States that no context uses now, for the next ones. Used by the engine's worker alone.
class SpareStates {
 public:
  /// One that is set to its start.
  ContextState take(const ModelState &model, size_t texts);
  /// Keeps a state, if there is one.
  void give_back(ContextState state);

 private:
  /// As many as ever were used at once besides those that are.
  std::vector<ContextState> states_;
};

/// One text of a context, and what of it is not delivered yet.
struct ContextText {
  /// The stream's number for it.
  size_t text;
  decode::Context decoder;
  std::vector<Event> events;
  /// What it may write next, by what it was last fed; see `Attempt`.
  std::vector<int32_t> expected;
};

/// One context: it hears a stream and writes one text or several.
struct StreamContext {
  ContextState state;
  std::vector<ContextText> texts;
  /// Heard by the codec, or to be heard in this step, and not yet by the language model.
  std::deque<FrameAhead> ahead;
  Pace pace;

  /// The same for all texts.
  int64_t position() const noexcept { return state.language_models.front()->position; }
};

/// What is to be delivered of one of a stream's texts.
struct TextEvents {
  size_t text = 0;
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
                 decode::ForcedTokens forced);

  StreamContext &running() noexcept { return contexts_.back().context; }
  const StreamContext &running() const noexcept { return contexts_.back().context; }

  /// What the running context was forced to begin with.
  decode::ForcedTokens forced() const;

  /// Forgets all contexts and begins a new one.
  void restart(decode::ForcedTokens forced, SpareStates &spares);
  /// The running context has ended: it is finished in silence, and another one begins.
  void end(ContextEnd end, SpareStates &spares);

  /// Gives contexts that have ended the next frames of silence: one each, and to those that get on
  /// with several as many more as `extra` has left. Returns the contexts that have any frames.
  std::vector<StreamContext *> add_silence(size_t &extra);

  /// Moves what can be delivered to the `events` of each text, in order, and lets go of finished
  /// contexts.
  void deliver(std::vector<TextEvents> &events, SpareStates &spares);

  /// Contexts that have ended and are not finished.
  size_t unfinished() const noexcept { return contexts_.size() - 1; }
  /// There are frames to be computed without any more audio.
  bool have_frames() const noexcept { return unfinished() > 0 || !running().ahead.empty(); }

 private:
  struct Entry {
    StreamContext context;
    /// None for the running one.
    std::optional<ContextEnd> end;
    /// Frames of silence that it was given since.
    int64_t silent_frames = 0;

    /// It has heard all that it is to hear.
    bool is_finished() const noexcept {
      return end && silent_frames == end->silent_frames && context.ahead.empty();
    }
  };
  /// How far a text of the stream has been delivered.
  struct Delivered {
    /// Number of the next word, and of the oldest context's first one.
    uint64_t next_word = 0;
    uint64_t first_word = 0;
    Time progress = Time::min();
    /// The oldest context writes nothing that is earlier.
    Time earliest = Time::min();

    /// Numbers and times as the stream has them.
    void place(Event &event);
    void begin_context(bool is_seamless);
  };

  /// Takes the events of the oldest context, which writes nothing more if it is finished.
  void deliver_oldest(bool finished, std::vector<TextEvents> &events);

  void begin(decode::ForcedTokens forced, ContextState state);

  const ModelState &model_;
  const bool report_steps_;
  const Time word_end_cap_;
  std::deque<Entry> contexts_;
  /// Of each text that a context writes.
  std::map<size_t, Delivered> delivered_;
};

}  // namespace kyutaistt::engine
