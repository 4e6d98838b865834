// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/heard_words.h"

#include <variant>

namespace kyutaistt::program {

void HeardWords::add(const Event &event) {
  if (const auto *word = std::get_if<Word>(&event)) {
    words_.push_back(*word);
  } else if (const auto *end = std::get_if<WordEnd>(&event)) {
    // It comes before the next word.
    words_.back().end = end->end;
  }
}

std::string HeardWords::text() const {
  std::string text;
  for (const Word &word : words_) {
    text += (text.empty() ? "" : " ") + word.text;
  }
  return text;
}

}  // namespace kyutaistt::program
