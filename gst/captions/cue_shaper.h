// SPDX-License-Identifier: LGPL-2.1-or-later
/// Words with times to cues.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "captions/captioner.h"

namespace kyutaistt::captions {

/// Breaks the words of one stream into cues as they arrive: at the end of a sentence that has been
/// shown long enough, at a pause, and when a word does not fit or the cue has lasted long enough;
/// then after a clause, if that leaves half a cue. A cue is ready as soon as its end is known. A
/// few hundred bytes.
class CueShaper final : public Captioner {
 public:
  explicit CueShaper(const CueShape &shape) : shape_(shape) {}

  void add(const Word &word) override;
  void add(const WordEnd &word_end) override;
  void add(const Progress &progress) override;
  void finish() override;
  void reset() override;
  /// The unfinished cue is ready as it is.
  void change_shape(const CueShape &shape) override;

  std::vector<Cue> take() override;
  std::optional<Time> pending_start() const override;

 private:
  struct DraftWord {
    std::string text;
    Time start{};
    /// Where its last piece ended.
    Time last_piece{};
    /// Until when it may be shown.
    Time end{};
  };
  /// The words of a cue in the making; empty if there is none.
  using Draft = std::vector<DraftWord>;

  static std::vector<std::string> texts_of(std::span<const DraftWord> words);
  /// The open draft ends before this word, whether it would fit or not.
  bool ends_before(const Word &word) const;
  /// The word fits after these, in space and time.
  bool takes(std::span<const DraftWord> words, const Word &word) const;
  /// How many words of the open draft, which has no room for the word, become a cue: those up to
  /// the end of its last clause, if these are at least half of it and the rest has room for the
  /// word; otherwise all.
  size_t last_clause(const Word &word) const;
  /// Joins the mark to the word before it; if there is no room, both begin a new cue. If that
  /// word's cue is out already, the mark is dropped: by itself it says nothing.
  void add_mark(const std::string &mark);
  /// Closes the open draft: it takes no more words.
  void close();
  /// The same of its first `count` words; the others stay open.
  void close(size_t count);
  Time wanted_end(const Draft &draft) const;
  /// Makes a cue of the closed draft, which ends at `limit` at the latest.
  void release(Time limit);

  CueShape shape_;
  Draft open_;
  /// Takes no more words, but its end may still move.
  Draft closed_;
  std::vector<Cue> ready_;
  Time last_end_{};
};

}  // namespace kyutaistt::captions
