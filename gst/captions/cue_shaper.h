// SPDX-License-Identifier: LGPL-2.1-or-later
/// Words with times to cues.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <kyutaistt/events.h>

#include "captions/cue.h"

namespace kyutaistt::captions {

/// Breaks the words of one stream into cues, as they come: at the end of a sentence that has been
/// shown long enough, at a pause, before a word that does not fit, and when its time is up. A cue
/// is ready as soon as its end is known. Not thread-safe; a few hundred bytes.
class CueShaper {
 public:
  explicit CueShaper(const CueShape &shape) : shape_(shape) {}

  /// Events of a stream, in their order.
  void add(const Word &word);
  void add(const WordEnd &word_end);
  void add(const Progress &progress);
  /// No more words follow: the last cue is ready.
  void finish();
  /// Forgets everything but the shape.
  void reset();
  /// For the cues that begin from now on.
  void change_shape(const CueShape &shape) { shape_ = shape; }

  /// The cues that became ready, in order.
  std::vector<Cue> take();

  /// Start of the first cue that is not ready; nothing if there is none.
  std::optional<Time> pending_start() const;

 private:
  /// A cue in the making.
  struct Draft {
    std::vector<std::string> words;
    Time start{};
    /// Where the last word's last piece ended.
    Time last_piece{};
    /// Until when the last word may be shown.
    Time end{};
  };

  bool breaks_before(const Word &word) const;
  /// The open draft takes no more words.
  void close();
  Time wanted_end(const Draft &draft) const;
  /// Makes a cue of the closed draft, which ends at `limit` at the latest.
  void release(Time limit);

  CueShape shape_;
  std::optional<Draft> open_;
  /// Takes no more words, but its end may still move.
  std::optional<Draft> closed_;
  std::vector<Cue> ready_;
  Time last_end_{};
};

/// Breaks words into at most `lines` lines of at most `columns` characters, as equally long as can
/// be; empty if they do not fit.
std::vector<std::string> break_lines(const std::vector<std::string> &words, int columns, int lines);

}  // namespace kyutaistt::captions
