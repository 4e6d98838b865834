// SPDX-License-Identifier: LGPL-2.1-or-later
/// What a stream reports while it is recognised.
///
/// All times are on the clock of the pushed audio: the timestamps given to `Stream::push`, or the
/// time since the first sample where none were given. Events of one stream arrive in the order of
/// their steps, one at a time, on the engine's worker thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include <kyutaistt/options.h>
#include <kyutaistt/status.h>

namespace kyutaistt {

/// A complete word. Within a context, no word starts earlier than the one before it.
struct Word {
  /// Counts the words of the stream from 0; a `WordEnd` refers to it. A reset may leave a gap: the
  /// words that it discarded.
  uint64_t index = 0;
  /// UTF-8, never empty, without surrounding white space, with its punctuation. A word that the
  /// model does not end is cut after about 1000 bytes.
  std::string text;
  Time start{};
  /// Where the word's last piece ended; `WordEnd` brings the time until which it may be shown.
  Time end{};
  /// Geometric mean of the probabilities of the word's tokens, in (0, 1].
  float confidence = 0;
};

/// The final end of an earlier word: where the next one began, at most `word_end_cap` after its
/// last piece, never before the end in its `Word`. Comes once for each word, before the next
/// `Word`; only a reset can prevent it.
struct WordEnd {
  uint64_t index = 0;
  Time end{};
};

/// All text before `position` has been delivered: no later word starts before it.
struct Progress {
  Time position{};
};

/// One position of the language model; only with `StreamOptions::report_steps`.
struct Step {
  /// From 0 after every start, drain or reset.
  int64_t position = 0;
  int32_t token = 0;
  /// Probability of the token; 0 where it was forced.
  float probability = 0;
  bool forced = false;
  /// The first one that a fresh context computes (`StreamOptions::relay`).
  bool relayed = false;
  /// One code for each codebook, as heard at this position; empty where there was none (position
  /// 0).
  std::vector<int32_t> codes;
};

/// Audio was dropped because the queue was full (`Overflow::Drop`).
struct Dropped {
  /// Where the lost audio began, and its duration: whole frames.
  Time position{};
  Time duration{};
};

/// The model's context was given up, and a new one hears the audio from `position` on again
/// (`StreamOptions::watchdog`).
struct Renewed {
  enum class Reason {
    /// Nothing was written of speech.
    NoText,
    /// The same few words were written again and again.
    Repetition,
  };
  Time position{};
  Reason reason = Reason::NoText;
};

/// Everything before a `Stream::drain` has been recognised and delivered.
struct Drained {
  /// As given to `Stream::drain`.
  uint64_t marker = 0;
};

/// The stream cannot continue: no event follows until `Stream::reset`. Other streams are not
/// affected.
struct Failure {
  Status status;
};

using Event = std::variant<Word, WordEnd, Progress, Step, Dropped, Renewed, Drained, Failure>;

/// Receives a stream's events on the engine's worker thread, with no lock held. It must not block
/// (every stream of the engine would wait), must not throw, and must not call the stream or the
/// engine; pass the event to a thread of your own.
using EventListener = std::function<void(const Event &event)>;

}  // namespace kyutaistt
