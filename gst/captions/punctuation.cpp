// SPDX-License-Identifier: LGPL-2.1-or-later
#include "captions/punctuation.h"

#include <algorithm>
#include <array>

namespace kyutaistt::captions {

namespace {

/// Quotation marks and brackets. What opens in one language closes in another.
constexpr std::array<std::string_view, 16> enclosing = {
    "\"",     "'",      "(",      ")",      "[",      "]",      "\u2018", "\u2019",
    "\u201A", "\u201C", "\u201D", "\u201E", "\u00AB", "\u00BB", "\u2039", "\u203A"};

/// Icelandic and English titles, which stand before a name with its capital; in lower case.
constexpr std::array<std::string_view, 10> titles = {"dr.",  "fr.", "frk.",  "hr.", "mr.",
                                                     "mrs.", "ms.", "prof.", "sr.", "st."};

/// What a word may end with. Quotation marks that also open are not among them.
constexpr std::array<std::string_view, 12> closing = {
    "?", "!", ".", ",", ";", ":", ")", "]", "\u2026", "\u00BB", "\u203A", "\u201D"};

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

/// For the alphabets in ASCII, Latin-1 and Latin Extended-A. The C library's functions follow the
/// process's locale, which belongs to the application.
bool is_lower_case(unsigned letter) {
  if (letter >= 0x100U && letter <= 0x17FU) {
    // Pairs of upper and lower case, the second of which is lower; letters without a partner shift
    // the pairs.
    const bool shifted =
        (letter >= 0x138U && letter <= 0x148U) || (letter >= 0x179U && letter <= 0x17EU);
    return (letter % 2 == 0) == shifted;
  }
  return (letter >= 'a' && letter <= 'z') ||
         (letter >= 0xDFU && letter <= 0xFFU && letter != 0xF7U);
}

/// The sentence continues with this word, whatever precedes it: no sentence begins like this.
bool continues_sentence(std::string_view word) {
  const unsigned letter = first_letter(bare(word));
  return is_lower_case(letter) || (letter >= '0' && letter <= '9');
}

/// "J." in a name: one letter, of one byte or two.
bool is_initial(std::string_view word) {
  const unsigned letter = first_letter(word);
  const size_t letter_bytes = letter < 0x80U ? 1 : 2;
  const bool is_letter =
      letter >= 0xC0U || (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z');
  return is_letter && word.size() == letter_bytes + 1 && word.ends_with('.');
}

bool is_title(std::string_view word) {
  const auto same_letter = [](char a, char b) {
    return a == b || (a >= 'A' && a <= 'Z' && a - 'A' + 'a' == b);
  };
  return std::any_of(titles.begin(), titles.end(), [&](std::string_view title) {
    return std::equal(word.begin(), word.end(), title.begin(), title.end(), same_letter);
  });
}

}  // namespace

bool ends_sentence(std::string_view word, std::string_view next) {
  word = bare(word);
  if (word.ends_with('?') || word.ends_with('!')) {
    return true;
  }
  if (word.ends_with('.')) {
    return !continues_sentence(next) && !is_initial(word) && !is_title(word);
  }
  return word.ends_with("\u2026") && !continues_sentence(next);
}

bool ends_clause(std::string_view word, std::string_view next) {
  const std::string_view without_quotes = bare(word);
  return without_quotes.ends_with(',') || without_quotes.ends_with(';') ||
         without_quotes.ends_with(':') || ends_sentence(word, next);
}

bool is_closing_mark(std::string_view word) {
  const bool is_empty = word.empty();
  const auto begins = [&word](std::string_view mark) { return word.starts_with(mark); };
  const auto *mark = closing.begin();
  while ((mark = std::find_if(closing.begin(), closing.end(), begins)) != closing.end()) {
    word.remove_prefix(mark->size());
  }
  return !is_empty && word.empty();
}

}  // namespace kyutaistt::captions
