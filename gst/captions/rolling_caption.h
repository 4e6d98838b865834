// SPDX-License-Identifier: LGPL-2.1-or-later
/// A caption that grows by words and rolls up by lines.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "captions/captioner.h"

namespace kyutaistt::captions {

/// What a viewer sees: the last lines of a stream, to which each word is added as soon as it is
/// recognised. Nothing that is shown changes its place in its line; a word without room begins a
/// line, and then the first line goes. Without words for the shape's maximum of time, the caption
/// is cleared.
///
/// Each cue is the whole text for a piece of time, and ends where the next begins. When the text
/// will change is not known while it is shown, so cues with the same text follow each other: their
/// times are what is certain so far. A few hundred bytes.
class RollingCaption final : public Captioner {
 public:
  explicit RollingCaption(const CueShape &shape) : shape_(shape) {}

  void add(const Word &word) override;
  void add(const WordEnd &word_end) override;
  void add(const Progress &progress) override;
  /// The text stays until its last word ends, and for the shape's minimum of time. What follows
  /// begins with an empty caption.
  void finish() override;
  void reset() override;
  void change_shape(const CueShape &shape) override { shape_ = shape; }

  std::vector<Cue> take() override;
  std::optional<Time> pending_start() const override;

 private:
  /// False if a mark has no word that it could stand after.
  bool append(const std::string &word);
  /// A cue of the text up to `end`, if that is long enough after the last cue.
  void show_until(Time end, Time shortest);
  /// When the caption is cleared if no word comes.
  Time clear_time() const { return last_start_ + shape_.maximum_duration; }

  CueShape shape_;
  std::deque<std::string> lines_;
  /// Where the cue begins that is not ready.
  Time start_{};
  /// No cue has been made of the text as it is.
  bool is_new_ = false;
  /// Of the last word.
  Time last_start_{};
  Time last_end_{};
  std::vector<Cue> ready_;
};

}  // namespace kyutaistt::captions
