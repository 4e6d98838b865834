// SPDX-License-Identifier: LGPL-2.1-or-later
#include "captions/rolling_caption.h"

#include <algorithm>
#include <utility>

#include "captions/lines.h"
#include "captions/punctuation.h"

namespace kyutaistt::captions {

namespace {

/// A picture: no text is shown for less.
constexpr Time shortest_cue = std::chrono::milliseconds(40);
/// Text that has been shown is repeated for at least two frames of audio: few cues in a pause, and
/// pictures that wait for text do not wait for much longer than for a word.
constexpr Time shortest_repeat = std::chrono::milliseconds(160);

}  // namespace

bool RollingCaption::append(const std::string &word) {
  if (!lines_.empty() && fits_lines({lines_.back(), word}, shape_.columns, 1)) {
    lines_.back() += " " + word;
    return true;
  }
  if (is_closing_mark(word)) {
    return false;
  }
  lines_.push_back(word);
  while (lines_.size() > static_cast<size_t>(shape_.lines)) {
    lines_.pop_front();
  }
  return true;
}

void RollingCaption::show_until(Time end, Time shortest) {
  end = std::min(end, clear_time());
  if (lines_.empty() || end < start_ + shortest) {
    return;
  }
  Cue cue;
  cue.start = start_;
  cue.end = end;
  cue.lines.assign(lines_.begin(), lines_.end());
  ready_.push_back(std::move(cue));
  start_ = end;
  is_new_ = false;
}

void RollingCaption::add(const Word &word) {
  show_until(word.start, shortest_cue);
  if (word.start >= clear_time()) {
    lines_.clear();
  }
  const bool was_empty = lines_.empty();
  if (!append(word.text)) {
    return;
  }
  // Text that would have been shown for less than a picture is left out.
  if (was_empty) {
    start_ = std::max(start_, word.start);
  }
  is_new_ = true;
  last_start_ = word.start;
  last_end_ = word.end;
}

void RollingCaption::add(const WordEnd &word_end) {
  last_end_ = std::max(last_end_, word_end.end);
}

void RollingCaption::add(const Progress &progress) {
  const bool is_over = progress.position >= clear_time();
  show_until(progress.position, is_new_ || is_over ? shortest_cue : shortest_repeat);
  if (is_over) {
    lines_.clear();
  }
}

void RollingCaption::finish() {
  // However short what is left of it.
  show_until(std::max(last_end_, last_start_ + shape_.minimum_duration), Time(1));
  lines_.clear();
}

void RollingCaption::reset() {
  lines_.clear();
  ready_.clear();
  start_ = {};
  is_new_ = false;
  last_start_ = {};
  last_end_ = {};
}

std::vector<Cue> RollingCaption::take() {
  return std::exchange(ready_, {});
}

std::optional<Time> RollingCaption::pending_start() const {
  return lines_.empty() ? std::nullopt : std::optional(start_);
}

}  // namespace kyutaistt::captions
