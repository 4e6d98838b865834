// SPDX-License-Identifier: LGPL-2.1-or-later
/// Tokens of consecutive positions to words with times.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "text/piece_joiner.h"
#include "text/tokenizer.h"

namespace kyutaistt::text {

/// A complete word. Times are in steps of 80 ms on the clock of the audio (delay subtracted).
struct WordStarted {
  std::string text;
  double start = 0;
  /// Time of the word's last piece, not before `start`.
  double last_piece = 0;
  /// Geometric mean of its tokens' probabilities.
  float confidence = 0;
};

/// The final end of the previous word; comes before the next `WordStarted`.
struct WordEnded {
  double end = 0;
};

using WordEvent = std::variant<WordStarted, WordEnded>;

/// Builds words from the tokens of one context, from position 0 on.
///
/// Rule (reference: tests/golden/tokenizer/timed_words.json): a boundary (0) or pad (3) closes the
/// open word; a piece opens a word when none is open or when it begins with a space. A word starts
/// at the boundary before it (b + 1 - delay) if no other word used that one, else at its first
/// piece (i - delay). Its end is min(last piece + cap, next boundary or next word's start). Starts
/// are not below 0 and never run backwards.
/// Beyond the reference: a boundary that no piece follows within the cap is forgotten, so that time
/// goes on in silence; a pad does not close a word in the middle of a UTF-8 character; a word that
/// has 1000 bytes is closed between two characters, and what follows is the next.
class WordBuilder {
 public:
  /// `delay_steps`: text delay of the model; `cap_steps`: see `StreamOptions::word_end_cap`.
  WordBuilder(std::shared_ptr<const Tokenizer> tokenizer, double delay_steps, double cap_steps);

  /// One token of position `position`; positions must grow. Appends what became known to `out`.
  void push(int64_t position, int32_t token, float probability, std::vector<WordEvent> &out);
  /// No more tokens follow: closes the open word and its end.
  void finish(std::vector<WordEvent> &out);

  /// Step before which no later word can start.
  double settled_until() const noexcept;

 private:
  struct OpenWord {
    PieceJoiner text;
    double start = 0;
    int64_t last_index = 0;
    double log_probability = 0;
    int tokens = 0;
  };
  /// The last word, while its end is not known.
  struct Ending {
    double start = 0;
    double last_piece = 0;
  };

  void append(int64_t position, const Piece &piece, float probability, std::vector<WordEvent> &out);
  /// True if the open word has no room for the piece.
  bool is_full(const Piece &piece) const noexcept;
  void close_at_gap(int64_t position, bool is_boundary, std::vector<WordEvent> &out);
  /// Ends what the cap ends.
  void pass_time(int64_t position, std::vector<WordEvent> &out);
  void open_word(int64_t position, std::vector<WordEvent> &out);
  void close_word(std::vector<WordEvent> &out);
  /// Ends the last word at `limit`, or where its cap is, whichever comes first.
  void end_last(double limit, std::vector<WordEvent> &out);
  /// Time of the end of the last position.
  double now() const noexcept;

  const std::shared_ptr<const Tokenizer> tokenizer_;
  const double delay_;
  const double cap_;
  std::optional<OpenWord> open_;
  std::optional<Ending> ending_;
  /// The last boundary, if no word has used it.
  std::optional<int64_t> boundary_;
  double last_start_ = 0;
  int64_t next_position_ = 0;
};

}  // namespace kyutaistt::text
