// SPDX-License-Identifier: LGPL-2.1-or-later
#include "captions/cue_shaper.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace kyutaistt::captions {

namespace {

/// Silence after which a new cue begins.
constexpr Time pause = std::chrono::milliseconds(800);
/// No cue is shorter than this, however close the next one is.
constexpr Time shortest = std::chrono::milliseconds(100);

/// Characters of a UTF-8 text: the bytes that do not continue one.
int characters(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
  }));
}

/// Quotation marks and brackets. What opens in one language closes in another.
constexpr std::array<std::string_view, 16> enclosing = {
    "\"",     "'",      "(",      ")",      "[",      "]",      "\u2018", "\u2019",
    "\u201A", "\u201C", "\u201D", "\u201E", "\u00AB", "\u00BB", "\u2039", "\u203A"};

/// The word without the quotation marks and brackets around it.
std::string_view bare(std::string_view word) {
  const auto begins = [&word](std::string_view mark) { return word.starts_with(mark); };
  const auto ends = [&word](std::string_view mark) { return word.ends_with(mark); };
  const auto *mark = enclosing.begin();
  while ((mark = std::find_if(enclosing.begin(), enclosing.end(), begins)) != enclosing.end()) {
    word.remove_prefix(mark->size());
  }
  while ((mark = std::find_if(enclosing.begin(), enclosing.end(), ends)) != enclosing.end()) {
    word.remove_suffix(mark->size());
  }
  return word;
}

/// The first letter of a text, up to U+07FF, which takes two bytes; 0 if it is beyond.
unsigned first_letter(std::string_view text) {
  const unsigned first = text.empty() ? 0 : static_cast<unsigned char>(text[0]);
  if (first < 0x80U) {
    return first;
  }
  if ((first & 0xE0U) != 0xC0U || text.size() < 2) {
    return 0;
  }
  return (first & 0x1FU) << 6U | (static_cast<unsigned char>(text[1]) & 0x3FU);
}

/// Of the alphabets that are written in ASCII, Latin-1 and Latin Extended-A. The library's own
/// functions go by the process' locale, which is the application's.
bool is_lower_case(unsigned letter) {
  if (letter >= 0x100U && letter <= 0x17FU) {
    // Pairs of upper and lower case, of which the second is lower; letters without a partner shift
    // them in between.
    const bool shifted =
        (letter >= 0x138U && letter <= 0x148U) || (letter >= 0x179U && letter <= 0x17EU);
    return (letter % 2 == 0) == shifted;
  }
  return (letter >= 'a' && letter <= 'z') ||
         (letter >= 0xDFU && letter <= 0xFFU && letter != 0xF7U);
}

/// The sentence goes on with this word, whatever is before it: no sentence begins so.
bool continues_sentence(std::string_view word) {
  const unsigned letter = first_letter(bare(word));
  return is_lower_case(letter) || (letter >= '0' && letter <= '9');
}

bool ends_sentence(std::string_view word, std::string_view next) {
  word = bare(word);
  if (word.ends_with('?') || word.ends_with('!')) {
    return true;
  }
  // Full stops are also behind ordinals and abbreviations.
  return (word.ends_with('.') || word.ends_with("\u2026")) && !continues_sentence(next);
}

/// Fills one line after the other.
std::vector<std::string> fill_lines(const std::vector<std::string> &words, int columns) {
  std::vector<std::string> lines;
  for (const std::string &word : words) {
    if (!lines.empty() && characters(lines.back()) + 1 + characters(word) <= columns) {
      lines.back() += " " + word;
    } else {
      lines.push_back(word);
    }
  }
  return lines;
}

}  // namespace

std::vector<std::string> break_lines(const std::vector<std::string> &words, int columns,
                                     int lines) {
  std::vector<std::string> best = fill_lines(words, columns);
  if (best.size() > static_cast<size_t>(lines)) {
    return {};
  }
  // The narrowest width that needs no more lines makes them equally long.
  for (int narrower = columns - 1; narrower > 0; --narrower) {
    std::vector<std::string> candidate = fill_lines(words, narrower);
    if (candidate.size() != best.size()) {
      break;
    }
    best = std::move(candidate);
  }
  return best;
}

bool CueShaper::breaks_before(const Word &word) const {
  if (word.start - open_->last_piece >= pause ||
      word.end - open_->start > shape_.maximum_duration) {
    return true;
  }
  if (ends_sentence(open_->words.back(), word.text) &&
      word.start - open_->start >= shape_.minimum_duration) {
    return true;
  }
  std::vector<std::string> words = open_->words;
  words.push_back(word.text);
  return break_lines(words, shape_.columns, shape_.lines).empty();
}

void CueShaper::add(const Word &word) {
  if (open_ && breaks_before(word)) {
    close();
  }
  if (closed_) {
    release(word.start - shape_.gap);
  }
  if (!open_) {
    open_ = Draft{{}, word.start, word.end, word.end};
  }
  open_->words.push_back(word.text);
  open_->last_piece = word.end;
  open_->end = word.end;
}

void CueShaper::add(const WordEnd &word_end) {
  // It is the end of the last word, which may have closed its cue.
  if (std::optional<Draft> &draft = open_ ? open_ : closed_) {
    draft->end = std::max(draft->end, word_end.end);
  }
}

void CueShaper::add(const Progress &progress) {
  // No word that starts later can join it; the last one's end may still be told.
  const bool is_over = open_ && (progress.position >= open_->last_piece + pause ||
                                 progress.position >= open_->start + shape_.maximum_duration);
  if (is_over) {
    close();
  }
  if (closed_ && progress.position >= wanted_end(*closed_) + shape_.gap) {
    release(progress.position);
  }
}

void CueShaper::finish() {
  if (open_) {
    close();
  }
  if (closed_) {
    release(Time::max());
  }
}

void CueShaper::reset() {
  open_.reset();
  closed_.reset();
  ready_.clear();
  last_end_ = {};
}

void CueShaper::close() {
  if (closed_) {
    release(open_->start - shape_.gap);
  }
  closed_ = std::exchange(open_, std::nullopt);
}

Time CueShaper::wanted_end(const Draft &draft) const {
  const Time reading = shape_.word_duration * static_cast<int64_t>(draft.words.size());
  const Time wanted = std::max(draft.end, draft.start + std::max(shape_.minimum_duration, reading));
  // A word that is longer by itself is shown while it is spoken.
  return std::min(wanted, std::max(draft.start + shape_.maximum_duration, draft.last_piece));
}

void CueShaper::release(Time limit) {
  const Draft draft = *std::exchange(closed_, std::nullopt);
  Cue cue;
  cue.start = std::max(draft.start, last_end_);
  cue.end = std::max(cue.start + shortest, std::min(wanted_end(draft), limit));
  // A draft takes a word only if they fit together, or if it is the first.
  cue.lines = break_lines(draft.words, shape_.columns, shape_.lines);
  last_end_ = cue.end;
  ready_.push_back(std::move(cue));
}

std::vector<Cue> CueShaper::take() {
  return std::exchange(ready_, {});
}

std::optional<Time> CueShaper::pending_start() const {
  if (closed_) {
    return std::max(closed_->start, last_end_);
  }
  if (open_) {
    return std::max(open_->start, last_end_);
  }
  return std::nullopt;
}

}  // namespace kyutaistt::captions
