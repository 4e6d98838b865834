// SPDX-License-Identifier: LGPL-2.1-or-later
#include "captions/cue_shaper.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "captions/lines.h"
#include "captions/punctuation.h"

namespace kyutaistt::captions {

namespace {

/// No cue is shorter than this, however close the next one is.
constexpr Time shortest = std::chrono::milliseconds(100);

}  // namespace

bool CueShaper::ends_before(const Word &word) const {
  return word.start - open_.back().last_piece >= pause_duration ||
         (ends_sentence(open_.back().text, word.text) &&
          word.start - open_.front().start >= shape_.minimum_duration);
}

bool CueShaper::takes(std::span<const DraftWord> words, const Word &word) const {
  if (word.end - words.front().start > shape_.maximum_duration) {
    return false;
  }
  std::vector<std::string> texts = texts_of(words);
  texts.push_back(word.text);
  return fits_lines(texts, shape_.columns, shape_.lines);
}

size_t CueShaper::last_clause(const Word &word) const {
  const std::span<const DraftWord> words = open_;
  if (ends_clause(words.back().text, word.text)) {
    return words.size();
  }
  for (size_t split = words.size() - 1; 2 * split >= words.size() && split > 0; --split) {
    const bool is_long_enough = words[split].start - words.front().start >= shape_.minimum_duration;
    if (is_long_enough && ends_clause(words[split - 1].text, words[split].text) &&
        takes(words.subspan(split), word)) {
      return split;
    }
  }
  return words.size();
}

void CueShaper::add_mark(const std::string &mark) {
  const auto draft = [this]() -> Draft & { return open_.empty() ? closed_ : open_; };
  if (draft().empty()) {
    return;
  }
  std::vector<std::string> texts = texts_of(draft());
  texts.back() += " " + mark;
  if (texts.size() > 1 && !fits_lines(texts, shape_.columns, shape_.lines)) {
    if (open_.empty()) {
      open_.swap(closed_);
    }
    close(open_.size() - 1);
  }
  draft().back().text = texts.back();
}

void CueShaper::add(const Word &word) {
  if (is_closing_mark(word.text)) {
    add_mark(word.text);
    return;
  }
  if (!open_.empty()) {
    if (ends_before(word)) {
      close();
    } else if (!takes(open_, word)) {
      close(last_clause(word));
    }
  }
  if (!closed_.empty()) {
    release((open_.empty() ? word.start : open_.front().start) - shape_.gap);
  }
  open_.push_back({word.text, word.start, word.end, word.end});
}

void CueShaper::add(const WordEnd &word_end) {
  // The end belongs to the last word, which may have closed its cue.
  if (Draft &draft = open_.empty() ? closed_ : open_; !draft.empty()) {
    Time &end = draft.back().end;
    end = std::max(end, word_end.end);
  }
}

void CueShaper::add(const Progress &progress) {
  // No word that starts later can join it; the last one's end may still come.
  const bool is_over =
      !open_.empty() && (progress.position >= open_.back().last_piece + pause_duration ||
                         progress.position >= open_.front().start + shape_.maximum_duration);
  if (is_over) {
    close();
  }
  if (!closed_.empty() && progress.position >= wanted_end(closed_) + shape_.gap) {
    release(progress.position);
  }
}

void CueShaper::finish() {
  if (!open_.empty()) {
    close();
  }
  if (!closed_.empty()) {
    release(Time::max());
  }
}

void CueShaper::change_shape(const CueShape &shape) {
  finish();
  shape_ = shape;
}

void CueShaper::reset() {
  open_.clear();
  closed_.clear();
  ready_.clear();
  last_end_ = {};
}

void CueShaper::close() {
  if (!closed_.empty()) {
    release(open_.front().start - shape_.gap);
  }
  closed_ = std::exchange(open_, {});
}

void CueShaper::close(size_t count) {
  close();
  const auto split = closed_.begin() + static_cast<std::ptrdiff_t>(count);
  open_.assign(std::make_move_iterator(split), std::make_move_iterator(closed_.end()));
  closed_.erase(split, closed_.end());
}

Time CueShaper::wanted_end(const Draft &draft) const {
  const Time start = draft.front().start;
  const DraftWord &last = draft.back();
  const Time reading = shape_.word_duration * static_cast<int64_t>(draft.size());
  const Time wanted = std::max(last.end, start + std::max(shape_.minimum_duration, reading));
  // A word that is longer by itself is shown while it is spoken.
  return std::min(wanted, std::max(start + shape_.maximum_duration, last.last_piece));
}

void CueShaper::release(Time limit) {
  const Draft draft = std::exchange(closed_, {});
  Cue cue;
  cue.start = std::max(draft.front().start, last_end_);
  cue.end = std::max(cue.start + shortest, std::min(wanted_end(draft), limit));
  // A draft takes a word only if they fit together, or if it is the first.
  cue.lines = break_lines(texts_of(draft), shape_.columns);
  last_end_ = cue.end;
  ready_.push_back(std::move(cue));
}

std::vector<std::string> CueShaper::texts_of(std::span<const DraftWord> words) {
  std::vector<std::string> texts;
  std::transform(words.begin(), words.end(), std::back_inserter(texts),
                 [](const DraftWord &word) { return word.text; });
  return texts;
}

std::vector<Cue> CueShaper::take() {
  return std::exchange(ready_, {});
}

std::optional<Time> CueShaper::pending_start() const {
  const Draft &draft = closed_.empty() ? open_ : closed_;
  if (draft.empty()) {
    return std::nullopt;
  }
  return std::max(draft.front().start, last_end_);
}

}  // namespace kyutaistt::captions
