// SPDX-License-Identifier: LGPL-2.1-or-later
/// Tokens of consecutive positions to words with times.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "text/tokenizer.h"

namespace kyutaistt::text {

/// A word is complete. Times are in steps of 80 ms on the clock of the audio (delay subtracted).
struct WordStarted {
  std::string text;
  double start = 0;
  /// Time of the word's last piece.
  double last_piece = 0;
  /// Geometric mean of its tokens' probabilities.
  float confidence = 0;
};

/// The final end of the word before; comes before the next `WordStarted`.
struct WordEnded {
  double end = 0;
};

using WordEvent = std::variant<WordStarted, WordEnded>;

/// Builds words from the tokens of one context, from position 0 on.
///
/// Rule (reference: tests/golden/tokenizer/timed_words.json): a boundary (0) or pad (3) closes the
/// open word; a piece opens a word when none is open or when it begins with a space. A word starts
/// at the boundary before it (b + 1 - delay) if no other word used that one, else at its first
/// piece (i - delay). Its end is min(last piece + cap, next boundary or next word's start). A byte
/// sequence that is not yet a whole UTF-8 character keeps its word open.
class WordBuilder {
 public:
  /// `delay_steps`: text delay of the model; `cap_steps`: see `StreamOptions::word_end_cap`.
  WordBuilder(std::shared_ptr<const Tokenizer> tokenizer, double delay_steps, double cap_steps);

  /// One token of position `position`; positions must grow. Appends what became known to `out`.
  void push(int64_t position, int32_t token, float probability, std::vector<WordEvent> &out);
  /// No more tokens follow: closes the open word and its end.
  void finish(std::vector<WordEvent> &out);
  /// Forgets everything, for a new context.
  void reset();

  /// Step before which no later word can start, after the last `push`.
  double settled_until() const noexcept;
  bool word_is_open() const noexcept;
};

}  // namespace kyutaistt::text
