// SPDX-License-Identifier: LGPL-2.1-or-later
/// One live recognition: audio in, events out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include <kyutaistt/events.h>
#include <kyutaistt/export.h>
#include <kyutaistt/options.h>
#include <kyutaistt/status.h>

namespace kyutaistt {

namespace engine {
class Scheduler;
struct StreamState;
}  // namespace engine

/// A further text of a stream's audio, with a prompt and a listener of its own: the codec hears the
/// audio once for all texts of a stream.
struct Translation {
  Prompt prompt;
  EventListener listener;
};

/// Counters of one stream since it was opened; never reset.
struct StreamStats {
  /// Frames of 80 ms that went through the model, injected silence included.
  uint64_t frames = 0;
  uint64_t dropped_frames = 0;
  uint64_t words = 0;
  /// Fresh contexts that took over (`StreamOptions::relay`).
  uint64_t relays = 0;
  /// Contexts that had gone deaf or repeated themselves and were given up for new ones
  /// (`StreamOptions::watchdog`).
  uint64_t renewals = 0;
  /// Audio that is in the queue now.
  Time queued{};
};

/// Audio of one speaker or programme on its way through an `Engine`.
///
/// Threads: every method may be called from any thread; `push`, `drain`, `set_prompt`, `add_text`
/// and `remove_text` take effect in the order of their calls. None may be called from the stream's
/// own event listener. Lifetime: keeps the engine's model alive; destroying the stream closes it.
/// Once the destructor has returned, no event is being delivered and the listener has been
/// destroyed. Cost: state of the codec and the language model, see
/// `ModelInfo::memory_per_stream_bytes`.
class KYUTAISTT_PUBLIC Stream {
 public:
  /// Made by `Engine::open_stream`.
  Stream(std::shared_ptr<engine::Scheduler> scheduler, std::shared_ptr<engine::StreamState> state);
  Stream(const Stream &) = delete;
  Stream &operator=(const Stream &) = delete;
  ~Stream();

  /// Appends mono audio at 24 000 Hz, full scale [-1, 1]; any number of samples, including none.
  /// Samples that are NaN or infinite count as silence; others are clamped to [-10, 10].
  ///
  /// `timestamp` is the time of the first sample; without one the audio follows what was pushed
  /// before (the first audio starts at 0). A jump in the timestamps does not disturb the
  /// recognition: words are timed by the audio that they were heard in. But within a context times
  /// never run backwards: call `drain` before pushing earlier audio. A timestamp more than 146
  /// years from 0 fails with `InvalidArgument`.
  ///
  /// A full queue blocks or drops as the stream's options say. Fails with `Cancelled` when `reset`
  /// interrupts the wait, and with the stream's failure once it has failed.
  Status push(std::span<const float> samples, std::optional<Time> timestamp = std::nullopt);

  /// Has everything pushed so far recognised to its last word: silence as long as the model's delay
  /// is injected, and `Drained{marker}` follows the last event. Audio pushed afterwards starts a
  /// new context with the same prompt. Returns at once. Fails with the stream's failure once it has
  /// failed.
  Status drain(uint64_t marker);

  /// Like `drain`, but what follows has another prompt; `Drained` is delivered only if there is a
  /// marker. `text`: which of the stream's texts, 0 for its own and from 1 on for its translations;
  /// the others keep their prompts. Fails with `InvalidArgument` if there is no such text,
  /// `NotFound` and the known names if the model has no such domain, and with the stream's failure
  /// once it has failed; in both cases nothing changes.
  Status set_prompt(const Prompt &prompt, std::optional<uint64_t> marker = std::nullopt,
                    size_t text = 0);

  /// A further text of what is pushed from here on, as `open_stream` takes them; what was pushed
  /// before is recognised to its last word without it. Returns its number. Fails with `NotFound`
  /// for an unknown domain, and with the stream's failure once it has failed.
  Result<size_t> add_text(Translation text);
  /// The text is not written any more. Once this has returned its listener is not called, and has
  /// been destroyed. The context ends here; the other texts go on in a new one. Nothing happens if
  /// there is no such text, nor with text 0, which lasts as long as the stream.
  void remove_text(size_t text);

  /// Discards queued audio and the context at once and revives a failed stream; the prompt is kept.
  /// Once it has returned, no event of earlier audio is delivered. A blocked `push` returns.
  void reset();

  StreamStats stats() const;

 private:
  std::shared_ptr<engine::Scheduler> scheduler_;
  std::shared_ptr<engine::StreamState> state_;
};

}  // namespace kyutaistt
